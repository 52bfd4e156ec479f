{{ config(materialized='table', indexes=[{'columns': ['epoch_day'], 'unique': true}]) }}

with days as (
    select
        epoch_day,
        date_day,
        calendar_year,
        month_of_year,
        day_of_month,
        iso_day_of_week
    from {{ ref('int_calendar__days') }}
),

-- The retail year starts on the day after the Saturday nearest 31 January. That Saturday is one of
-- 28 January to 3 February, so the first day is the Sunday among 29 January to 4 February.
year_starts as (
    select
        calendar_year as nrf_year,
        epoch_day as start_day
    from days
    where
        iso_day_of_week = 7
        and (
            (month_of_year = 1 and day_of_month >= 29)
            or (month_of_year = 2 and day_of_month <= 4)
        )
),

years as (
    select
        nrf_year,
        start_day,
        lead(start_day) over (order by nrf_year) as next_start_day,
        lag(start_day) over (order by nrf_year) as prior_start_day
    from year_starts
),

assigned as (
    select
        days.epoch_day,
        days.date_day,
        days.iso_day_of_week,
        case
            when days.epoch_day >= year_starts.start_day then year_starts.nrf_year
            else year_starts.nrf_year - 1
        end as nrf_year
    from days
    inner join year_starts
        on days.calendar_year = year_starts.nrf_year
),

weeks as (
    select
        assigned.epoch_day,
        assigned.date_day,
        assigned.nrf_year,
        mod(assigned.iso_day_of_week, 7) + 1 as nrf_day_of_week,
        assigned.epoch_day - years.start_day + 1 as nrf_day_of_year,
        {{ int_div('assigned.epoch_day - years.start_day', 7) }} + 1 as nrf_week,
        {{ int_div('years.next_start_day - years.start_day', 7) }} as nrf_weeks_in_year,
        years.prior_start_day,
        {{ int_div('years.start_day - years.prior_start_day', 7) }} as prior_weeks_in_year
    from assigned
    inner join years
        on assigned.nrf_year = years.nrf_year
),

months as (
    select
        epoch_day,
        date_day,
        nrf_year,
        nrf_day_of_week,
        nrf_day_of_year,
        nrf_week,
        nrf_weeks_in_year,
        prior_start_day,
        prior_weeks_in_year,
        {{ retail_month('nrf_week', [4, 5, 4]) }} as nrf_month,
        {{ retail_month('nrf_week', [4, 4, 5]) }} as nrf_month_445,
        {{ retail_month('nrf_week', [5, 4, 4]) }} as nrf_month_544,
        -- To compare the next year with a 53-week year, NRF restates the latter: its week 1 is
        -- dropped and each other week is pushed back by one, so that 52 weeks remain. The dropped
        -- week belongs to no restated year.
        case
            when nrf_weeks_in_year != 53 then nrf_week
            when nrf_week > 1 then nrf_week - 1
        end as nrf_restated_week
    from weeks
),

quarters as (
    select
        epoch_day,
        date_day,
        nrf_year,
        {{ int_div('nrf_month - 1', 3) }} + 1 as nrf_quarter,
        nrf_month,
        nrf_month_445,
        nrf_month_544,
        nrf_week,
        nrf_day_of_week,
        nrf_day_of_year,
        nrf_weeks_in_year,
        case when nrf_restated_week is not null then nrf_year end as nrf_restated_year,
        {{ retail_month('nrf_restated_week', [4, 5, 4]) }} as nrf_restated_month,
        nrf_restated_week,
        -- The same week number and weekday of the year before; a week 53 has none, because no two
        -- years of 53 weeks follow each other.
        case
            when nrf_week <= 52 then prior_start_day + nrf_day_of_year - 1
        end as prior_year_published_epoch_day,
        -- The same, but a year before of 53 weeks counts as restated: from its week 2.
        case
            when nrf_week <= 52 and prior_weeks_in_year = 53
                then prior_start_day + 7 + nrf_day_of_year - 1
            when nrf_week <= 52 then prior_start_day + nrf_day_of_year - 1
        end as prior_year_epoch_day
    from months
),

final as (
    select
        epoch_day,
        date_day,
        nrf_year,
        nrf_quarter,
        nrf_month,
        nrf_month_445,
        nrf_month_544,
        nrf_week,
        nrf_week
        - min(nrf_week) over (partition by nrf_year, nrf_month) + 1 as nrf_week_of_month,
        nrf_day_of_week,
        nrf_day_of_year,
        nrf_weeks_in_year,
        nrf_restated_year,
        nrf_restated_month,
        nrf_restated_week,
        prior_year_epoch_day,
        prior_year_published_epoch_day,
        min(date_day) over (partition by nrf_year, nrf_week) as nrf_week_start_date,
        max(date_day) over (partition by nrf_year, nrf_week) as nrf_week_end_date,
        min(date_day) over (partition by nrf_year, nrf_month) as nrf_month_start_date,
        max(date_day) over (partition by nrf_year, nrf_month) as nrf_month_end_date,
        min(date_day) over (partition by nrf_year, nrf_quarter) as nrf_quarter_start_date,
        max(date_day) over (partition by nrf_year, nrf_quarter) as nrf_quarter_end_date,
        min(date_day) over (partition by nrf_year) as nrf_year_start_date,
        max(date_day) over (partition by nrf_year) as nrf_year_end_date
    from quarters
)

select * from final
