{#- Names in a column that no metric of the project has. -#}
{% test names_a_metric(model, column_name) %}
    select distinct {{ column_name }}
    from {{ model }}
    where
        {{ column_name }} is not null
        {%- for metric in (graph.metrics.values() if execute else []) %}
        and {{ column_name }} != '{{ metric.name }}'
        {%- endfor %}
{% endtest %}
