{#- The key of dim_date (yyyymmdd) of a date. -#}
{% macro date_key(date) -%}
    cast(
        extract(year from {{ date }}) * 10000
        + extract(month from {{ date }}) * 100
        + extract(day from {{ date }}) as integer
    )
{%- endmacro %}
