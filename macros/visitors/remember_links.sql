{#- Post-hook of int_visitors__stitched: keeps the links that it was built from, and copies only those of the days that have changed.
    Before `remember_days`, which says which these are. -#}
{% macro remember_links() -%}
    {%- set memory = remembered('int_visitors__daily_links') -%}
    {%- if is_incremental() -%}
        {%- set days = changed_days('int_visitors__daily_links') -%}
        {%- if days -%}
            delete from {{ memory }} where {{ in_list('date_key', days) }};
            insert into {{ memory }}
            select * from {{ ref('int_visitors__daily_links') }} where {{ in_list('date_key', days) }}
        {%- endif -%}
    {%- else -%}
        {{ remember('int_visitors__daily_links') }}
    {%- endif -%}
{%- endmacro %}
