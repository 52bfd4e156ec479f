{% test same_clicks_by_day(model, clicks) %}
    with performance as (
        select
            date_key,
            sum(clicks) as clicks
        from {{ model }}
        group by date_key
    ),

    facts as (
        select
            date_key,
            count(*) as clicks
        from {{ clicks }}
        group by date_key
    )

    select
        coalesce(performance.date_key, facts.date_key) as date_key,
        performance.clicks as reported,
        facts.clicks as expected
    from performance
    full outer join facts on performance.date_key = facts.date_key
    where coalesce(performance.clicks, 0) != coalesce(facts.clicks, 0)
{% endtest %}
