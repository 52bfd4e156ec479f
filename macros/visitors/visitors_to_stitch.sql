{#- The table of the identifiers that a build of int_visitors__stitched stitches anew. -#}
{% macro visitors_to_stitch() -%}
    {{ return(api.Relation.create(
        database=this.database, schema=this.schema, identifier=this.identifier ~ '__outdated',
    )) }}
{%- endmacro %}
