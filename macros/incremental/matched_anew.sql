{#- Whether the current incremental model has to match everything again: the patterns that it was built
    from (columns of a model, as `remember` keeps them) are not those of today. -#}
{% macro matched_anew(patterns, columns) -%}
    {%- set sql = 'select count(*) from (' ~ changed_rows(patterns, columns) ~ ') as changed' -%}
    {{ return(first_column(sql) not in ([], [0])) }}
{%- endmacro %}
