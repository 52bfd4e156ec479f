{#- Post-hook: keep the rows of a model, or some columns of them, as the ones that this incremental model was built from. -#}
{% macro remember(model_name, columns=['*']) -%}
    {%- set memory = remembered(model_name) -%}
    {%- do run_query('drop table if exists ' ~ memory) -%}
    create table {{ memory }} as select {{ columns | join(', ') }} from {{ ref(model_name) }}
{%- endmacro %}
