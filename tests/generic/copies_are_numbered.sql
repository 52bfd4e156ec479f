{% test copies_are_numbered(model) %}
    -- Numbers from 1 to the number of copies, of which no two are equal. Equal ones can only be where a
    -- click has several copies: few rows, so that this more costly look is at few.
    with clicks as (
        select
            click_id,
            count(*) as records,
            min(copy_number) as lowest,
            max(copy_number) as highest,
            min(copies) as fewest,
            max(copies) as most
        from {{ model }}
        group by click_id
    )

    select click_id
    from clicks
    where lowest != 1 or highest != records or fewest != records or most != records

    union

    select click_id
    from {{ model }}
    where copies > 1
    group by click_id, copy_number
    having count(*) > 1
{% endtest %}
