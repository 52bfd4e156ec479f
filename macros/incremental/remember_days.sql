{#- Post-hook: keep the states of the days of a model as those that this incremental model was built from. -#}
{% macro remember_days(model_name) -%}
    {%- set memory = remembered(model_name, of_days=true) -%}
    {%- do run_query('drop table if exists ' ~ memory) -%}
    create table {{ memory }} as select * from {{ day_states(model_name) }}
{%- endmacro %}
