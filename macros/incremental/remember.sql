{#- Post-hook: keep the rows of a model, or some columns of them, as the ones that this incremental model was built from. `of_days`: the
    states of its days, instead of its rows. -#}
{% macro remember(model_name, columns=['*'], of_days=false) -%}
    {%- set memory = remembered(model_name, of_days) -%}
    {%- set present = day_states(model_name) if of_days else ref(model_name) -%}
    {%- do run_query('drop table if exists ' ~ memory) -%}
    create table {{ memory }} as select {{ columns | join(', ') }} from {{ present }}
{%- endmacro %}
