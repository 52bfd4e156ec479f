{#- The rows of a model, in some columns, that are not among those that the current model was built from, and those that were
    among them and are no longer so: a query. `condition`: which rows count. -#}
{% macro changed_rows(model_name, columns, condition='1 = 1') -%}
    {%- set listed = columns | join(', ') -%}
    {%- set was = '(select ' ~ listed ~ ' from ' ~ remembered(model_name) ~ ' where ' ~ condition ~ ')' -%}
    {%- set is_now = '(select ' ~ listed ~ ' from ' ~ ref(model_name) ~ ' where ' ~ condition ~ ')' -%}
    select * from ({{ was }} except {{ is_now }}) as no_longer_so
    union all
    select * from ({{ is_now }} except {{ was }}) as newly_so
{%- endmacro %}
