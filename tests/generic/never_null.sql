{#- Every one of `columns` in one scan of the model: the rows that it returns show which of them is null. For views
    and seeds, whose columns no engine can be told to refuse a null; a stored model declares it in its contract. -#}
{% test never_null(model, columns) %}
    select {{ columns | join(', ') }}
    from {{ model }}
    where
        {%- for column in columns %}
        {{ 'or ' if not loop.first }}{{ column }} is null
        {%- endfor %}
{% endtest %}
