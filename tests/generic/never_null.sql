{#- Every one of `columns` in one scan of the model: the rows that it returns name those that are null, and how often.
    For views and seeds, whose columns no engine can be told to refuse a null; a stored model declares it in its
    contract. Counted and not filtered: DuckDB would compute each step of a column as often as the filter names it. -#}
{% test never_null(model, columns) %}
    with counted as (
        select
            count(*) as all_rows
            {%- for column in columns %},
            count({{ column }}) as {{ column }}
            {%- endfor %}
        from {{ model }}
    )
    {% for column in columns %}
        select
            '{{ column }}' as column_name,
            all_rows - {{ column }} as null_rows
        from counted
        where {{ column }} < all_rows
        {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endtest %}
