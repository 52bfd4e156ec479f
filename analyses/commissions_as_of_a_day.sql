-- "What did we know of our commissions on that morning, and what became of it?"
-- Set `as_of` to a UTC timestamp; one row per network, currency and the status of then. What was
-- pulled later did not exist, whatever date the network gave it.
{%- set as_of = "cast('" ~ var('as_of', '2026-05-01 00:00:00') ~ "' as timestamp)" %}

with

by_then as (
    {{ commissions_as_of(as_of) | indent(4) }}
),

commissions as (
    select
        commission_key,
        network_code,
        currency_code,
        net_commission_amount
    from {{ ref('fct_commissions') }}
),

final as (
    select
        commissions.network_code,
        by_then.currency_code,
        by_then.status,
        count(*) as commissions,
        sum(by_then.net_commission_amount) as net_commission_amount,
        -- In another currency it is no longer this amount.
        sum(
            case
                when coalesce(commissions.currency_code, '') = coalesce(by_then.currency_code, '')
                    then commissions.net_commission_amount
                else 0
            end
        ) as net_commission_amount_now
    from by_then
    inner join commissions on by_then.commission_key = commissions.commission_key
    group by
        commissions.network_code,
        by_then.currency_code,
        by_then.status
)

select * from final
order by
    network_code,
    currency_code,
    status
