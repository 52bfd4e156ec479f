{#- `ours` of the clicks against the unique clicks of the fact: all of the network's, where the report names no member;
    never more than those where it names some. -#}
{% test our_clicks_are_in_the_marts(model, clicks, reports) %}
    with in_marts as (
        select
            network_key,
            clicked_date,
            count(*) as clicks
        from {{ clicks }}
        where click_class = 'unique'
        group by network_key, clicked_date
    ),

    naming as (
        select distinct
            network_key,
            side,
            account_code
        from {{ reports }}
        where clicks is not null and (advertiser_key != -1 or program_key != -1 or partner_key != -1)
    ),

    compared as (
        select
            network_key,
            side,
            account_code,
            reported_date,
            time_zone,
            basis,
            is_net,
            has_bonus,
            sum(ours) as ours
        from {{ model }}
        where measure = 'clicks'
        group by network_key, side, account_code, reported_date, time_zone, basis, is_net, has_bonus
    )

    select
        compared.*,
        in_marts.clicks
    from compared
    left join in_marts
        on
            compared.network_key = in_marts.network_key
            and compared.reported_date = in_marts.clicked_date
    left join naming
        on
            compared.network_key = naming.network_key
            and compared.side = naming.side
            and compared.account_code = naming.account_code
    where
        compared.ours > coalesce(in_marts.clicks, 0)
        or (naming.network_key is null and compared.ours != coalesce(in_marts.clicks, 0))
{% endtest %}
