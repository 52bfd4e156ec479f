{#- Whether the rows of a model, in some columns, are not those that the current incremental model was built from, as
    `remember` keeps them. -#}
{% macro has_changed(model_name, columns) -%}
    {%- set sql = 'select count(*) from (' ~ changed_rows(model_name, columns) ~ ') as changed' -%}
    {{ return(first_column(sql) not in ([], [0])) }}
{%- endmacro %}
