{#- Integer division that rounds down (towards minus infinity), as an integer on every engine. The engines' own
    `/` differs: 7 / 2 is 3.5 on DuckDB and 3 elsewhere, and -7 / 2 is cut towards zero.
    Exact where the quotient fits an integer. -#}
{% macro int_div(dividend, divisor) -%}
    cast(floor(cast({{ dividend }} as double precision) / {{ divisor }}) as integer)
{%- endmacro %}
