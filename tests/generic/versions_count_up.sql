{#- Guards the names of verdicts: were two versions of a rule to change places, a stored verdict would point at
    the wrong one. Returns the versions whose number is not their place in time. -#}
{% test versions_count_up(model, key) %}
    with

    numbered as (
        select
            {{ key | join(', ') }},
            version,
            row_number() over (
                partition by {{ key | join(', ') }} order by valid_from
            ) as expected_version
        from {{ model }}
    )

    select *
    from numbered
    where version != expected_version
{% endtest %}
