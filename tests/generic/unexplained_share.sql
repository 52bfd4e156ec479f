{#- Months of a network's report of which more than `most_share` is unexplained. Differences of two days that cancel
    each other are two. -#}
{% test unexplained_share(model, most_share, measures, fewest) %}
    with months as (
        select
            network_code,
            side,
            account_code,
            currency_code,
            basis,
            is_net,
            has_bonus,
            measure,
            cast(date_trunc('month', reported_date) as date) as month_date,
            sum(abs(unexplained)) as unexplained,
            sum(abs(reported)) as reported,
            sum(abs(ours)) as ours
        from {{ model }}
        where measure in ('{{ measures | join("', '") }}')
        group by
            network_code,
            side,
            account_code,
            currency_code,
            basis,
            is_net,
            has_bonus,
            measure,
            cast(date_trunc('month', reported_date) as date)
    )

    select * from months
    where
        unexplained > cast({{ most_share }} as numeric(18, 6)) * reported
        and (reported >= {{ fewest }} or ours >= {{ fewest }})
{% endtest %}
