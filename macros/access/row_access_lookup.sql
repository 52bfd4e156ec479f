{#- The table that the clients' policy looks into. dbt builds no model there, because "You can't drop a lookup
    table" and "You can't rename a lookup table" [t_rls_object_dependency], and dbt swaps tables by doing so. -#}
{% macro row_access_lookup() -%}
    {{ return(generate_schema_name('access', none) ~ '.client_advertisers') }}
{%- endmacro %}
