{#- The key of dim_time_of_day (minute of the reporting day, 0 to 1439) of a UTC timestamp. -#}
{% macro reporting_time_of_day_key(utc_timestamp) -%}
    {%- set local_time = reporting_timestamp(utc_timestamp) -%}
    cast(
        extract(hour from {{ local_time }}) * 60
        + extract(minute from {{ local_time }}) as integer
    )
{%- endmacro %}
