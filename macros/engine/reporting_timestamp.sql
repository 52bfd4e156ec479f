{#- A UTC timestamp as wall-clock time in the reporting time zone (the variable reporting_timezone). -#}
{% macro reporting_timestamp(utc_timestamp) -%}
    {%- if var('reporting_timezone') == 'UTC' -%}
        {{ utc_timestamp }}
    {%- else -%}
        {{ return(adapter.dispatch('reporting_timestamp')(utc_timestamp)) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__reporting_timestamp(utc_timestamp) -%}
    (({{ utc_timestamp }}) at time zone 'UTC' at time zone '{{ var("reporting_timezone") }}')
{%- endmacro %}

{% macro redshift__reporting_timestamp(utc_timestamp) -%}
    convert_timezone('UTC', '{{ var("reporting_timezone") }}', {{ utc_timestamp }})
{%- endmacro %}
