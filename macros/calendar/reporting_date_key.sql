{#- The key of dim_date (yyyymmdd) of the reporting day in which a UTC timestamp falls. -#}
{% macro reporting_date_key(utc_timestamp) -%}
    {%- set local_time = reporting_timestamp(utc_timestamp) -%}
    cast(
        extract(year from {{ local_time }}) * 10000
        + extract(month from {{ local_time }}) * 100
        + extract(day from {{ local_time }}) as integer
    )
{%- endmacro %}
