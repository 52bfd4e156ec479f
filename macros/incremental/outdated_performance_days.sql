{#- The reporting days of fct_daily_performance whose rows no longer sum up those of fct_clicks. -#}
{% macro outdated_performance_days(keys) -%}
    {%- set fingerprint = keys_fingerprint(keys) -%}
    {%- set classes = ['duplicate', 'invalid'] -%}
    {%- set sql -%}
        with

        clicked_days as (
            select
                date_key,
                count(*) as clicks,
                {%- for click_class in classes %}
                sum(case when click_class = '{{ click_class }}' then {{ fingerprint }} else 0 end)
                    as {{ click_class }}_fingerprint,
                {%- endfor %}
                sum({{ fingerprint }}) as fingerprint
            from {{ ref('fct_clicks') }}
            group by date_key
        ),

        built_days as (
            select
                date_key,
                sum(clicks) as clicks,
                {%- for click_class in classes %}
                sum({{ click_class }}_clicks * cast({{ fingerprint }} as numeric(38, 0)))
                    as {{ click_class }}_fingerprint,
                {%- endfor %}
                sum(clicks * cast({{ fingerprint }} as numeric(38, 0))) as fingerprint
            from {{ this }}
            group by date_key
        )

        select clicked_days.date_key
        from clicked_days
        left join built_days
            on
                clicked_days.date_key = built_days.date_key
                and clicked_days.clicks = built_days.clicks
                {%- for click_class in classes %}
                and clicked_days.{{ click_class }}_fingerprint
                = built_days.{{ click_class }}_fingerprint
                {%- endfor %}
                and clicked_days.fingerprint = built_days.fingerprint
        where built_days.date_key is null
    {%- endset -%}
    {{ return(first_column(sql)) }}
{%- endmacro %}
