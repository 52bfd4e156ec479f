{#- The key of dim_date (yyyymmdd) of the reporting day in which a UTC timestamp falls. -#}
{% macro reporting_date_key(utc_timestamp) -%}
    {{ date_key(reporting_timestamp(utc_timestamp)) }}
{%- endmacro %}
