{#- No index on DuckDB: its scans skip row groups by their minima and maxima, and an index slows every load. -#}
{% macro duckdb__get_create_index_sql(relation, index_dict) -%}
    {{ return(none) }}
{%- endmacro %}
