{#- The copy of a model's rows as they were when this incremental model was last built. The post-hook
    `remember` writes it in the transaction of the build itself, so it cannot be ahead of the rows. -#}
{% macro remembered(model_name, of_days=false) -%}
    {%- set upstream = day_states(model_name) if of_days else ref(model_name) -%}
    {%- set name = this.identifier ~ '__' ~ upstream.identifier -%}
    {#- PostgreSQL takes names of 63 characters. -#}
    {%- if name | length > 63 -%}
        {%- set name = name[:54] ~ '_' ~ local_md5(name)[:8] -%}
    {%- endif -%}
    {{ return(api.Relation.create(
        database=upstream.database,
        schema=this.schema if env_var('CLICKSTAR_JUDGING_SCHEMA', '') else side_schema(upstream),
        identifier=name,
    )) }}
{%- endmacro %}
