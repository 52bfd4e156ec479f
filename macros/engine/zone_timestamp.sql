{#- A UTC timestamp as wall-clock time in the time zone that `zone`, an SQL expression, names. -#}
{% macro zone_timestamp(utc_timestamp, zone) -%}
    {{ return(adapter.dispatch('zone_timestamp')(utc_timestamp, zone)) }}
{%- endmacro %}

{% macro default__zone_timestamp(utc_timestamp, zone) -%}
    (({{ utc_timestamp }}) at time zone 'UTC' at time zone {{ zone }})
{%- endmacro %}

{% macro redshift__zone_timestamp(utc_timestamp, zone) -%}
    convert_timezone('UTC', {{ zone }}, {{ utc_timestamp }})
{%- endmacro %}
