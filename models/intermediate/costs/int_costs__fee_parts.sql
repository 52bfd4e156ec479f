with

fees as (
    select
        charge_key,
        currency_code,
        amount,
        from_date,
        to_date
    from {{ ref('int_costs__from_fees') }}
),

currencies as (
    select
        currency_code,
        minor_units
    from {{ ref('currencies') }}
),

calendar as (
    select date_day
    from {{ ref('int_calendar__days') }}
),

final as (
    {{ spread_over_days('fees', 'charge_key') | indent(4) }}
)

select * from final
