{{
    config(
        materialized='table',
        contract={'enforced': true},
        dist='all',
        sort=['date_day'],
        indexes=[{'columns': ['date_day', 'from_currency', 'to_currency'], 'unique': true}],
    )
}}

{%- set fill_days = var('exchange_rate_fill_days') %}

with

delivered as (
    select
        base_currency,
        quote_currency,
        rate,
        rate_date,
        pulled_at,
        file_id,
        line_number
    from {{ ref('stg_exchange_rates__daily_rates') }}
),

reporting as (
    select currency_code
    from {{ ref('int_currencies__reporting') }}
),

calendar as (
    select date_day
    from {{ ref('int_calendar__days') }}
    where calendar_year between 1970 and 2054
),

numbers as (
    {{ integer_spine(fill_days + 1) | indent(4) }}
),

numbered_deliveries as (
    select
        base_currency,
        quote_currency,
        rate,
        rate_date,
        row_number() over (
            partition by base_currency, quote_currency, rate_date
            order by
                coalesce(pulled_at, {{ beginning_of_time() }}) desc, file_id desc, line_number desc
        ) as copy_number
    from delivered
),

-- The last delivery counts, also where it takes a rate back. No rate is zero.
published as (
    select
        base_currency,
        quote_currency,
        rate,
        rate_date
    from numbered_deliveries
    where copy_number = 1 and rate > 0 and base_currency != quote_currency
),

-- What one unit of the base is worth, the base itself included.
legs as (
    select
        base_currency,
        quote_currency as currency_code,
        rate,
        rate_date
    from published
    union all
    select distinct
        base_currency,
        base_currency as currency_code,
        cast(1 as numeric(18, 10)) as rate,
        rate_date
    from published
),

-- Both legs are of one day and one base: a rate is never put together from two days.
crossed as (
    select
        from_legs.base_currency,
        from_legs.currency_code as from_currency,
        reporting.currency_code as to_currency,
        {{ rate_quotient('to_legs.rate', 'from_legs.rate') }} as rate,
        from_legs.rate_date
    from legs as from_legs
    inner join legs as to_legs
        on
            from_legs.base_currency = to_legs.base_currency
            and from_legs.rate_date = to_legs.rate_date
    inner join reporting on to_legs.currency_code = reporting.currency_code
    where from_legs.currency_code != reporting.currency_code
),

-- Of several bases the nearest: the rate as it was published, then its inverse, then one by a third
-- currency.
preferred as (
    select
        from_currency,
        to_currency,
        rate,
        rate_date,
        row_number() over (
            partition by from_currency, to_currency, rate_date
            order by
                case
                    when base_currency = from_currency then 1
                    when base_currency = to_currency then 2
                    else 3
                end,
                base_currency
        ) as choice
    from crossed
    -- What is nothing to ten decimals would make nothing of every amount: better none than that.
    where rate > 0
),

followed as (
    select
        from_currency,
        to_currency,
        rate,
        rate_date,
        lead(rate_date) over (
            partition by from_currency, to_currency
            order by rate_date
        ) as next_rate_date
    from preferred
    where choice = 1
),

filled as (
    select
        followed.rate_date + numbers.number as date_day,
        followed.from_currency,
        followed.to_currency,
        followed.rate,
        followed.rate_date
    from followed
    cross join numbers
    where
        followed.next_rate_date is null
        or followed.rate_date + numbers.number < followed.next_rate_date
),

unioned as (
    select
        date_day,
        from_currency,
        to_currency,
        rate,
        rate_date
    from filled
    union all
    select
        calendar.date_day,
        reporting.currency_code as from_currency,
        reporting.currency_code as to_currency,
        cast(1 as numeric(18, 10)) as rate,
        calendar.date_day as rate_date
    from reporting
    cross join calendar
),

final as (
    select
        cast(date_day as date) as date_day,
        cast(from_currency as varchar(3)) as from_currency,
        cast(to_currency as varchar(3)) as to_currency,
        cast(rate as numeric(18, 10)) as rate,
        cast(rate_date as date) as rate_date
    from unioned
)

select * from final
