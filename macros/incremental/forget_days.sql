{#- Pre-hook of a model that may have no row of a day: what it has of the days that it is about to build goes
    first. Of a day without new rows, delete+insert would leave the old ones. -#}
{% macro forget_days(days_to_build) -%}
    {%- if is_incremental() -%}
        {%- set days = days_to_build() -%}
        {%- if days -%}
            {{ forget_rows(in_list('date_key', days)) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
