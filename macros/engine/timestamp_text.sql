{#- A timestamp as the same text on every engine, to the microsecond: casting it to text is not. -#}
{% macro timestamp_text(value) -%}
    {{ return(adapter.dispatch('timestamp_text')(value)) }}
{%- endmacro %}

{% macro default__timestamp_text(value) -%}
    to_char({{ value }}, 'YYYY-MM-DD HH24:MI:SS.US')
{%- endmacro %}

{% macro duckdb__timestamp_text(value) -%}
    strftime({{ value }}, '%Y-%m-%d %H:%M:%S.%f')
{%- endmacro %}
