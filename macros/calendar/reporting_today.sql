{#- Today's date in the reporting time zone, at the moment of the query. -#}
{% macro reporting_today() -%}
    cast({{ reporting_timestamp(now_utc()) }} as date)
{%- endmacro %}
