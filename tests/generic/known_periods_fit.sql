{#- Returns the rows whose time is empty or begins before that of the row before has ended. A gap is no
    error: the record was gone for a while. -#}
{% test known_periods_fit(model, key) %}
    with

    periods as (
        select
            {{ key }},
            known_from,
            known_to,
            lag(known_to) over (
                partition by {{ key }} order by known_from, known_to
            ) as previous_known_to
        from {{ model }}
    )

    select
        {{ key }},
        known_from,
        known_to
    from periods
    where
        {{ key }} is null
        or known_from is null
        or known_to is null
        or known_from >= known_to
        or known_from < previous_known_to
{% endtest %}
