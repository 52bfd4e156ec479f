{% test copies_are_numbered(model) %}
    select click_id
    from {{ model }}
    group by click_id
    having
        min(copy_number) != 1
        or max(copy_number) != count(*)
        or count(distinct copy_number) != count(*)
        or min(copies) != count(*)
        or max(copies) != count(*)
{% endtest %}
