{#- `ours` against the sum of the commissions that it claims to be. Who reads the numbers of
    an advertiser finds those whose id master data maps to it. -#}
{% test ours_are_in_the_marts(model, commissions, advertisers) %}
    {%- set sums = {
        'sales': "case when commissions.status in ('pending', 'approved') then 1 else 0 end",
        'sale_amount': 'commissions.net_sale_amount',
        'commission_amount': 'commissions.net_commission_amount',
        'network_fee_amount': 'commissions.net_network_fee_amount',
    } %}
    with in_marts as (
        {% for measure, value in sums.items() -%}
        select
            commissions.network_code,
            commissions.account_code,
            commissions.occurred_date,
            coalesce(commissions.currency_code, '') as currency_code,
            '{{ measure }}' as measure,
            sum({{ value }}) as value,
            sum(case when advertisers.is_mapped then {{ value }} else 0 end) as mapped_value
        from {{ commissions }} as commissions
        left join {{ advertisers }} as advertisers
            on commissions.advertiser_key = advertisers.advertiser_key
        group by
            commissions.network_code,
            commissions.account_code,
            commissions.occurred_date,
            coalesce(commissions.currency_code, '')
        {{ 'union all' if not loop.last }}
        {% endfor %}
    ),

    compared as (
        select
            network_code,
            account_code,
            reported_date,
            coalesce(currency_code, '') as currency_code,
            measure,
            side,
            time_zone,
            basis,
            is_net,
            has_bonus,
            max(case when advertiser_source_id is null then 0 else 1 end) as names_advertisers,
            sum(ours) as ours
        from {{ model }}
        where measure != 'clicks'
        group by
            network_code,
            account_code,
            reported_date,
            coalesce(currency_code, ''),
            measure,
            side,
            time_zone,
            basis,
            is_net,
            has_bonus
    )

    select
        compared.*,
        in_marts.value,
        in_marts.mapped_value
    from compared
    left join in_marts
        on
            compared.network_code = in_marts.network_code
            and compared.account_code = in_marts.account_code
            and compared.reported_date = in_marts.occurred_date
            and compared.currency_code = in_marts.currency_code
            and compared.measure = in_marts.measure
    where
        compared.ours != coalesce(
            case when names_advertisers = 1 then in_marts.mapped_value else in_marts.value end, 0
        )
{% endtest %}
