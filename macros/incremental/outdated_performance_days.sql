{#- The reporting days of fct_daily_performance whose rows no longer sum up those of fct_clicks. -#}
{% macro outdated_performance_days(keys) -%}
    {%- set sql -%}
        with

        clicked_days as (
            select
                date_key,
                count(*) as clicks,
                sum({{ keys_fingerprint(keys) }}) as fingerprint
            from {{ ref('fct_clicks') }}
            group by date_key
        ),

        built_days as (
            select
                date_key,
                sum(clicks) as clicks,
                sum(clicks * cast({{ keys_fingerprint(keys) }} as numeric(38, 0))) as fingerprint
            from {{ this }}
            group by date_key
        )

        select clicked_days.date_key
        from clicked_days
        left join built_days
            on
                clicked_days.date_key = built_days.date_key
                and clicked_days.clicks = built_days.clicks
                and clicked_days.fingerprint = built_days.fingerprint
        where built_days.date_key is null
    {%- endset -%}
    {{ return(first_column(sql)) }}
{%- endmacro %}
