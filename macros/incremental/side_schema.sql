{#- The schema of a table that is kept beside a model: that of the model, and of a mart the intermediate one, where no BI tool looks. -#}
{% macro side_schema(model) -%}
    {%- set marts = generate_schema_name('marts', none) | trim -%}
    {{ return(generate_schema_name('intermediate', none) | trim if model.schema == marts else model.schema) }}
{%- endmacro %}
