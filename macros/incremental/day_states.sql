{#- The table of one row per reporting day that an incremental model keeps beside itself: numbers that are others when the rows of
    that day are. Who reads the model compares these few rows with those that it remembers, and not the rows of every day. Without a
    name that of the current model. -#}
{% macro day_states(model_name='') -%}
    {%- set model = ref(model_name) if model_name else this -%}
    {{ return(api.Relation.create(
        database=model.database,
        schema=side_schema(model),
        identifier=model.identifier ~ '__days',
    )) }}
{%- endmacro %}
