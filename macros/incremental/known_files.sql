{#- The table of the files of which an incremental model with a `file_id` has rows, which it keeps beside itself so that nobody has to look
    through all rows for them. -#}
{% macro known_files() -%}
    {{ return(api.Relation.create(
        database=this.database, schema=side_schema(this), identifier=this.identifier ~ '__files',
    )) }}
{%- endmacro %}
