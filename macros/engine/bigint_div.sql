{#- Division of whole numbers, cut towards zero and exact to the last digit. -#}
{% macro bigint_div(dividend, divisor) -%}
    {{ return(adapter.dispatch('bigint_div')(dividend, divisor)) }}
{%- endmacro %}

{% macro default__bigint_div(dividend, divisor) -%}
    cast({{ dividend }} as bigint) / cast({{ divisor }} as bigint)
{%- endmacro %}

{% macro duckdb__bigint_div(dividend, divisor) -%}
    cast({{ dividend }} as bigint) // cast({{ divisor }} as bigint)
{%- endmacro %}
