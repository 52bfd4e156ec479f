-- "Why does March look different from the report that we sent?"
-- One row per month, network, currency and cause; the causes of a month add up to its change. Rows
-- of cause `unchanged` show how much still stands.

with

restatements as (
    select
        network_key,
        currency_code,
        cause,
        commissions,
        reported_commission_amount,
        present_commission_amount,
        commission_change_amount,
        month_date,
        closing_at
    from {{ ref('fct_commission_restatements') }}
),

networks as (
    select
        network_key,
        network_name
    from {{ ref('dim_network') }}
),

final as (
    select
        restatements.month_date,
        max(restatements.closing_at) as reported_at,
        networks.network_name,
        restatements.currency_code,
        restatements.cause,
        sum(restatements.commissions) as commissions,
        sum(restatements.reported_commission_amount) as reported_commission_amount,
        sum(restatements.present_commission_amount) as present_commission_amount,
        sum(restatements.commission_change_amount) as commission_change_amount
    from restatements
    inner join networks on restatements.network_key = networks.network_key
    group by
        restatements.month_date,
        networks.network_name,
        restatements.currency_code,
        restatements.cause
)

select * from final
order by
    month_date,
    network_name,
    currency_code,
    cause
