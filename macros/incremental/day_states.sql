{#- The table of one row per reporting day that an incremental model keeps beside itself: numbers that are others when the rows of
    that day are. Who reads the model compares these few rows with those that it remembers, and not the rows of every day. Without a
    name that of the current model. -#}
{% macro day_states(model_name='') -%}
    {%- set model = ref(model_name) if model_name else this -%}
    {%- set marts = generate_schema_name('marts', none) | trim -%}
    {{ return(api.Relation.create(
        database=model.database,
        schema=generate_schema_name('intermediate', none) | trim if model.schema == marts else model.schema,
        identifier=model.identifier ~ '__days',
    )) }}
{%- endmacro %}
