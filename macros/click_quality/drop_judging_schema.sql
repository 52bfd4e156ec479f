{#- Run-operation: drops the schema in which `make rejudge` made its verdicts beside the warehouse's own. -#}
{% macro drop_judging_schema(name) -%}
    {%- if name == 'intermediate' -%}
        {{ exceptions.raise_compiler_error('The schema intermediate holds what everybody uses.') }}
    {%- endif -%}
    {%- do adapter.drop_schema(api.Relation.create(
        database=target.database,
        schema=generate_schema_name(name, none),
    )) -%}
{%- endmacro %}
