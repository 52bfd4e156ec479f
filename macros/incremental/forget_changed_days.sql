{#- Pre-hook of a model by days that may have no row of a day: what it has of the days on which its input has changed goes first. Of a day
    without new rows, delete+insert would leave the old ones. -#}
{% macro forget_changed_days(model_name) -%}
    {%- if is_incremental() -%}
        {%- set days = changed_days(model_name) -%}
        {%- if days -%}
            {{ forget_rows(in_list('date_key', days)) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
