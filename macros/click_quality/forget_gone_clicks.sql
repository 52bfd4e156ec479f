{#- Post-hook: clicks that the input no longer has go. They are only looked for on days with more clicks here than
    there. -#}
{% macro forget_gone_clicks(input) -%}
    {%- set days -%}
        select built.date_key
        from (
            select
                date_key,
                count(*) as clicks
            from {{ this }}
            group by date_key
        ) as built
        left join (
            select
                date_key,
                count(*) as clicks
            from {{ input }}
            group by date_key
        ) as wanted on built.date_key = wanted.date_key
        where built.clicks > coalesce(wanted.clicks, 0)
    {%- endset -%}
    delete from {{ this }}
    where
        date_key in ({{ days }})
        and click_id not in (
            select click_id from {{ input }} where date_key in ({{ days }})
        )
{%- endmacro %}
