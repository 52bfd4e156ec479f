{#- Redshift takes names of 127 bytes, and dbt names the table of a unit test after the test. They are cut as
    on PostgreSQL, to 63: the names of this project fit every engine. -#}
{% macro redshift__make_temp_relation(base_relation, suffix) -%}
    {%- set ending = suffix ~ modules.datetime.datetime.now().strftime('%H%M%S%f') -%}
    {%- set identifier = base_relation.identifier[:63 - ending | length] ~ ending -%}
    {{ return(base_relation.incorporate(
        path={'identifier': identifier, 'schema': none, 'database': none}
    )) }}
{%- endmacro %}
