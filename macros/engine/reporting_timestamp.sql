{#- A UTC timestamp as wall-clock time in the reporting time zone (the variable reporting_timezone). -#}
{% macro reporting_timestamp(utc_timestamp) -%}
    {%- if var('reporting_timezone') == 'UTC' -%}
        {{ utc_timestamp }}
    {%- else -%}
        {{ zone_timestamp(utc_timestamp, "'" ~ var('reporting_timezone') ~ "'") }}
    {%- endif -%}
{%- endmacro %}
