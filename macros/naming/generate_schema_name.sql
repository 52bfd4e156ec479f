{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set prefix = env_var('CLICKSTAR_SCHEMA_PREFIX', '') -%}
    {%- if custom_schema_name is none -%}
        {{ target.schema }}
    {%- else -%}
        {{ prefix }}{{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}
