with days as (
    select
        epoch_day,
        calendar_year,
        month_of_year,
        day_of_month
    from {{ ref('int_calendar__days') }}
),

-- Easter is never before 22 March.
earliest as (
    select
        calendar_year,
        epoch_day,
        {{ int_div('calendar_year', 100) }} as century,
        mod(calendar_year, 100) as year_of_century,
        mod(calendar_year, 19) as golden
    from days
    where
        month_of_year = 3
        and day_of_month = 22
),

-- The Gregorian computus in the form published in Nature in 1876, good for every year: days from
-- 22 March to the full moon, from there to the Sunday after it, and a correction for late moons.
full_moons as (
    select
        calendar_year,
        epoch_day,
        century,
        year_of_century,
        golden,
        mod(
            19 * golden + century + 15
            - {{ int_div('century', 4) }}
            - {{ int_div('century - ' ~ int_div('century + 8', 25) ~ ' + 1', 3) }},
            30
        ) as days_to_full_moon
    from earliest
),

sundays as (
    select
        calendar_year,
        epoch_day,
        golden,
        days_to_full_moon,
        mod(
            32 + 2 * mod(century, 4) + 2 * {{ int_div('year_of_century', 4) }}
            - days_to_full_moon - mod(year_of_century, 4),
            7
        ) as days_to_sunday
    from full_moons
),

final as (
    select
        calendar_year,
        epoch_day
        + days_to_full_moon
        + days_to_sunday
        - 7 * {{ int_div('golden + 11 * days_to_full_moon + 22 * days_to_sunday', 451) }}
            as epoch_day
    from sundays
)

select * from final
