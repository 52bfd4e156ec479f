{#- The rows of a model, in some columns, that are not among those that the current model was built from, and those that were
    among them and are no longer so: a query. `condition`: which rows count; `of_days`: of the states of its days, instead of its rows. -#}
{% macro changed_rows(model_name, columns, condition='1 = 1', of_days=false) -%}
    {%- set present = day_states(model_name) if of_days else ref(model_name) -%}
    {%- set listed = columns | join(', ') -%}
    {%- set was = '(select ' ~ listed ~ ' from ' ~ remembered(model_name, of_days) ~ ' where ' ~ condition ~ ')' -%}
    {%- set is_now = '(select ' ~ listed ~ ' from ' ~ present ~ ' where ' ~ condition ~ ')' -%}
    select * from ({{ was }} except {{ is_now }}) as no_longer_so
    union all
    select * from ({{ is_now }} except {{ was }}) as newly_so
{%- endmacro %}
