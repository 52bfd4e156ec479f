with

lines as (
    select
        cost_code,
        currency_code,
        amount,
        from_date,
        to_date,
        cast(to_date - from_date + 1 as integer) as days
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

-- In millionths, as whole numbers: nothing is lost when they are divided.
counted as (
    select
        lines.cost_code,
        lines.from_date,
        lines.to_date,
        lines.days,
        cast(cast(lines.amount as numeric(24, 6)) * 1000000 as bigint) as millionths,
        case currencies.minor_units
            when 0 then 1000000
            when 3 then 1000
            when 4 then 100
            else 10000
        end as minor_unit
    from lines
    left join currencies on lines.currency_code = currencies.currency_code
),

divided as (
    select
        cost_code,
        from_date,
        to_date,
        days,
        millionths,
        {{ bigint_div('millionths', 'days * minor_unit') }} * minor_unit as millionths_a_day
    from counted
),

dated as (
    select
        divided.cost_code,
        calendar.date_day,
        case
            when calendar.date_day = divided.to_date
                then divided.millionths - (divided.days - 1) * divided.millionths_a_day
            else divided.millionths_a_day
        end as millionths
    from divided
    inner join calendar
        on
            divided.from_date <= calendar.date_day
            and divided.to_date >= calendar.date_day
),

final as (
    select
        cost_code,
        cast(
            cast(millionths as numeric(19, 0)) * cast(0.000001 as numeric(7, 6)) as numeric(18, 6)
        ) as amount,
        date_day as incurred_date
    from dated
)

select * from final
