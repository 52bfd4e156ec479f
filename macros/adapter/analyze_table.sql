{#- Post-hook: statistics for the planner of PostgreSQL, which knows nothing of a table that was just made
    and would join it row by row. Redshift collects them by itself, DuckDB while it writes. -#}
{% macro analyze_table() -%}
    {%- if target.type == 'postgres' and model.config.materialized != 'view' -%}
        analyze {{ this }}
    {%- endif -%}
{%- endmacro %}
