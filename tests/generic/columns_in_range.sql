{#- Every column of `ranges` (its name, and its least and greatest value) in one scan of the model. A null is in
    no range and passes: whether it is allowed is the column's own constraint. -#}
{% test columns_in_range(model, ranges) %}
    select {{ ranges.keys() | join(', ') }}
    from {{ model }}
    where
        {%- for column, range in ranges.items() %}
        {{ 'or ' if not loop.first }}not {{ column }} between {{ range[0] }} and {{ range[1] }}
        {%- endfor %}
{% endtest %}
