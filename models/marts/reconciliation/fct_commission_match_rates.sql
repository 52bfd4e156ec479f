{%- set scope = ['month_date', 'network_key', 'currency_key'] -%}

{{ config(dist='even', sort=['month_date']) }}

with

commissions as (
    select
        network_key,
        currency_key,
        network_code,
        currency_code,
        match_method,
        match_confidence,
        net_commission_amount,
        cast(date_trunc('month', occurred_date) as date) as month_date
    from {{ ref('fct_commissions') }}
),

counted as (
    select
        {{ scope | join(',\n        ') }},
        match_method,
        max(network_code) as network_code,
        max(currency_code) as currency_code,
        count(*) as commissions,
        sum(net_commission_amount) as net_commission_amount,
        -- A sum of exact numbers: one of doubles depends on the order of its rows.
        cast(sum(match_confidence) as double precision) / nullif(count(match_confidence), 0)
            as match_confidence
    from commissions
    group by {{ scope | join(', ') }}, match_method
),

totals as (
    select
        *,
        sum(commissions) over (partition by {{ scope | join(', ') }}) as all_commissions,
        sum(net_commission_amount) over (partition by {{ scope | join(', ') }})
            as all_commission_amount
    from counted
),

final as (
    select
        {{ dimension_key(scope + ['match_method']) }} as match_rate_key,
        network_key,
        currency_key,
        network_code,
        currency_code,
        match_method,
        cast(commissions as integer) as commissions,
        cast(net_commission_amount as numeric(18, 6)) as net_commission_amount,
        match_confidence,
        cast(commissions as double precision) / all_commissions as commission_share,
        cast(net_commission_amount as double precision)
        / nullif(cast(all_commission_amount as double precision), 0) as amount_share,
        match_method != 'none' as is_matched,
        month_date
    from totals
)

select * from final
