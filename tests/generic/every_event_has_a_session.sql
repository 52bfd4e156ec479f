{#- Both ways, and by day: an event without a session, one in a session that was never received, one that moved. -#}
{% test every_event_has_a_session(model, received) %}
    with

    received_events as (
        select
            event_key,
            date_key
        from {{ received }}
        where copy_number = 1
    )

    select
        received_events.event_key as received,
        assigned.event_key as assigned
    from received_events
    full outer join {{ model }} as assigned
        on
            received_events.event_key = assigned.event_key
            and received_events.date_key = assigned.date_key
    where received_events.event_key is null or assigned.event_key is null
{% endtest %}
