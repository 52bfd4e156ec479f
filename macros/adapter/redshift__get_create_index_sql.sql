{#- Redshift has no indexes, and dbt's adapter for it cannot even read the setting: its sort key takes their
    place. -#}
{% macro redshift__get_create_index_sql(relation, index_dict) -%}
    {{ return(none) }}
{%- endmacro %}
