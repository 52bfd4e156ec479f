{#- After a run: the schema of the marts for the readers. dbt's own `grants` give them the tables, which are
    worth nothing without it. -#}
{% macro grant_usage() -%}
    {%- set schema = generate_schema_name('marts', none) -%}
    {%- if execute and readers() and adapter.check_schema_exists(target.database, schema) -%}
        grant usage on schema {{ schema }} to {{ grantees(readers()) }}
    {%- endif -%}
{%- endmacro %}
