{#- What is set aside must not be lost: events and clicks of the sessions and of those set aside are all events
    that were received, and all clicks of the fact of clicks. -#}
{% test sessions_hold_every_event(model, set_aside, received, clicks) %}
    with

    counted as (
        select
            events,
            clicks
        from {{ model }}
        union all
        select
            events,
            clicks
        from {{ set_aside }}
    ),

    summed as (
        select
            coalesce(sum(events), 0) as events,
            coalesce(sum(clicks), 0) as clicks
        from counted
    ),

    received_events as (
        select count(*) as events
        from {{ received }}
        where copy_number = 1
    ),

    clicked as (
        select count(*) as clicks
        from {{ clicks }}
    )

    select
        summed.events,
        received_events.events as received_events,
        summed.clicks,
        clicked.clicks as received_clicks
    from summed
    cross join received_events
    cross join clicked
    where summed.events != received_events.events or summed.clicks != clicked.clicks
{% endtest %}
