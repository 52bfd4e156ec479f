{#- The table of the identifiers that int_visitors__stitched has stitched anew since int_sessions__events was built; a row without one
    stands for all. -#}
{% macro stitched_anew() -%}
    {%- set stitched = ref('int_visitors__stitched') -%}
    {{ return(api.Relation.create(
        database=stitched.database,
        schema=stitched.schema,
        identifier=stitched.identifier ~ '__anew',
    )) }}
{%- endmacro %}
