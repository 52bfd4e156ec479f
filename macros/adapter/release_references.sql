{#- Pre-hook of a mart that keeps its table: on PostgreSQL the foreign keys that point to it go, as they do when dbt swaps a table.
    A row that other facts refer to could not be replaced, which takes a deletion. -#}
{% macro release_references() -%}
    {%- if execute and target.type == 'postgres' and is_incremental() -%}
        {%- set statements = [] -%}
        {%- for row in run_query(
            "select conrelid::regclass::text, quote_ident(conname) from pg_constraint"
            ~ " where contype = 'f' and conrelid != confrelid and confrelid = to_regclass('"
            ~ this.include(database=false) ~ "')"
        ).rows -%}
            {%- do statements.append('alter table ' ~ row[0] ~ ' drop constraint ' ~ row[1]) -%}
        {%- endfor -%}
        {{ statements | join(';\n') }}
    {%- endif -%}
{%- endmacro %}
