{#- Guards the promise that every moment finds exactly one version of a record: an overlap would count a fact
    twice, a gap would lose it. Returns the versions that do not start where the one before ends, and the
    first and last ones that do not reach the beginning and the end of time. -#}
{% test versions_are_gapless(model, key) %}
    with

    versions as (
        select
            {{ key | join(', ') }},
            valid_from,
            valid_to,
            lag(valid_to) over (
                partition by {{ key | join(', ') }} order by valid_from, valid_to
            ) as previous_valid_to,
            lead(valid_from) over (
                partition by {{ key | join(', ') }} order by valid_from, valid_to
            ) as next_valid_from
        from {{ model }}
    )

    select
        {{ key | join(', ') }},
        valid_from,
        valid_to
    from versions
    where
        valid_from >= valid_to
        or coalesce(previous_valid_to, {{ beginning_of_time() }}) != valid_from
        or coalesce(next_valid_from, {{ end_of_time() }}) != valid_to
{% endtest %}
