{#- The variable fiscal_year_start_month, checked: a whole number 1 to 12. -#}
{% macro fiscal_year_start_month() -%}
    {%- set month = var('fiscal_year_start_month') -%}
    {%- if month is not integer or month is boolean or not 1 <= month <= 12 -%}
        {{ exceptions.raise_compiler_error(
            "the variable fiscal_year_start_month must be a month number 1 to 12, not '" ~ month ~ "'"
        ) }}
    {%- endif -%}
    {{ return(month) }}
{%- endmacro %}
