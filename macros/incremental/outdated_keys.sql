{#- The keys that the current incremental model works out again, as its pre-hook `forget_outdated` found them in this build. -#}
{% macro outdated_keys() -%}
    {{ return(api.Relation.create(
        database=this.database, schema=side_schema(this), identifier=this.identifier ~ '__outdated',
    )) }}
{%- endmacro %}
