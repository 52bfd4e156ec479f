{#- Readers as they are written in a grant: on Redshift `role:bi` is `role bi`, as in dbt's own grants. -#}
{% macro grantees(names) -%}
    {{ return(adapter.dispatch('grantees')(names)) }}
{%- endmacro %}

{% macro default__grantees(names) -%} {{ names | join(', ') }} {%- endmacro %}

{% macro redshift__grantees(names) -%}
    {{ names | map('replace', 'role:', 'role ') | map('replace', 'group:', 'group ') | map('replace', 'user:', '') | join(', ') }}
{%- endmacro %}
