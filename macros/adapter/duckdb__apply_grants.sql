{#- Nothing: a DuckDB file has no users. dbt-duckdb would warn, even when nobody is granted anything. -#}
{% macro duckdb__apply_grants(relation, grant_config, should_revoke=true) %}{% endmacro %}
