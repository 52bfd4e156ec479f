{#- DuckDB would build an index for each key and refuse to swap a table that another refers to. Keys are
    declared for PostgreSQL and Redshift, and tested on every engine; here only `not null` is enforced. -#}
{% macro duckdb__get_table_columns_and_constraints() -%}
    {%- set columns = adapter.render_raw_columns_constraints(raw_columns=model['columns']) -%}
    ({{ columns | join(', ') }})
{%- endmacro %}
