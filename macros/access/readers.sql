{#- Who may read the marts, as CLICKSTAR_READERS says (dbt_project.yml reads it for the grants, too); DuckDB has
    no users. -#}
{% macro readers() -%}
    {%- set names = env_var('CLICKSTAR_READERS', '').replace(' ', '') -%}
    {{ return(names.split(',') if names and target.type != 'duckdb' else []) }}
{%- endmacro %}
