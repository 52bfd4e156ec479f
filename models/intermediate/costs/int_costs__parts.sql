with

lines as (
    select
        cost_code,
        currency_code,
        amount,
        from_date,
        to_date
    from {{ ref('int_costs__lines') }}
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
    {{ spread_over_days('lines', 'cost_code') | indent(4) }}
)

select * from final
