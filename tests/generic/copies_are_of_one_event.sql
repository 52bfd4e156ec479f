{#- Copies of one event tell of one moment, so that only copies of different moments are looked up in `events`. -#}
{% test copies_are_of_one_event(model, events) %}
    with moments as (
        select click_id
        from {{ model }}
        where copies > 1
        group by click_id
        having min(clicked_at) != max(clicked_at)
    ),

    doubtful as (
        select
            received.click_id,
            received.file_id,
            received.line_number
        from {{ model }} as received
        inner join moments on received.click_id = moments.click_id
    ),

    named as (
        select distinct
            doubtful.click_id,
            delivered.source_name,
            delivered.event_id
        from {{ events }} as delivered
        inner join doubtful
            on
                delivered.file_id = doubtful.file_id
                and delivered.line_number = doubtful.line_number
    )

    select click_id
    from named
    group by click_id
    having count(*) > 1
{% endtest %}
