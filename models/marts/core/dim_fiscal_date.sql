{#- The months of a quarter in weeks; a calendar of whole months has none. -#}
{%- set patterns = {'4-4-5': [4, 4, 5], '4-5-4': [4, 5, 4], '5-4-4': [5, 4, 4]} -%}

{{
    config(
        dist='all',
        sort=['date_key'],
        indexes=[{'columns': ['fiscal_calendar_code', 'date_key'], 'unique': True}],
    )
}}

with

calendars as (
    select
        fiscal_calendar_code,
        fiscal_calendar_name,
        first_month,
        coalesce(week_pattern, 'months') as week_pattern,
        valid_from,
        valid_to
    from {{ ref('int_master__fiscal_calendar_versions') }}
    where is_active and not is_deleted
),

days as (
    select
        epoch_day,
        date_day,
        calendar_year,
        month_of_year,
        day_of_month,
        iso_day_of_week
    from {{ ref('int_calendar__days') }}
),

-- Many calendars are of few shapes.
shapes as (
    select distinct
        first_month,
        week_pattern
    from calendars
    where
        week_pattern in (
            'months',
            {% for pattern in patterns %}
                '{{ pattern }}'{{ ',' if not loop.last }}
            {% endfor %}
        )
),

-- A year of weeks starts on the Sunday nearest the first day of its first month, as the retail year
-- of the NRF does: "the Saturday nearest 31 January" is its last day.
year_starts as (
    select
        shapes.first_month,
        shapes.week_pattern,
        days.calendar_year + case when shapes.first_month > 1 then 1 else 0 end as fiscal_year,
        case
            when shapes.week_pattern = 'months' or days.iso_day_of_week = 7 then days.epoch_day
            when days.iso_day_of_week <= 3 then days.epoch_day - days.iso_day_of_week
            else days.epoch_day + 7 - days.iso_day_of_week
        end as start_day
    from shapes
    inner join days on shapes.first_month = days.month_of_year
    where days.day_of_month = 1
),

years as (
    select
        first_month,
        week_pattern,
        fiscal_year,
        start_day,
        lead(start_day) over (
            partition by first_month, week_pattern
            order by start_day
        ) as next_start_day
    from year_starts
),

weeks as (
    select
        years.first_month,
        years.week_pattern,
        years.fiscal_year,
        days.date_day,
        mod(days.month_of_year - years.first_month + 12, 12) + 1 as month_of_months,
        days.epoch_day - years.start_day + 1 as day_of_fiscal_year,
        case
            when years.week_pattern != 'months'
                then {{ int_div('days.epoch_day - years.start_day', 7) }} + 1
        end as fiscal_week,
        {{ date_from_epoch_day('years.start_day') }} as fiscal_year_start_date,
        {{ date_from_epoch_day('years.next_start_day - 1') }} as fiscal_year_end_date
    from years
    inner join days
        on
            years.start_day <= days.epoch_day
            and years.next_start_day > days.epoch_day
    where days.calendar_year between 1970 and 2054
),

months as (
    select
        first_month,
        week_pattern,
        fiscal_year,
        date_day,
        case week_pattern
            {% for pattern, weeks_of_months in patterns.items() %}
                when '{{ pattern }}'
                    then {{ retail_month('fiscal_week', weeks_of_months) | indent(20) }}
            {% endfor %}
            else month_of_months
        end as fiscal_month,
        fiscal_week,
        day_of_fiscal_year,
        fiscal_year_start_date,
        fiscal_year_end_date
    from weeks
),

final as (
    select
        {{ dimension_key(['calendars.fiscal_calendar_code', 'months.date_day']) }}
            as fiscal_date_key,
        {{ date_key('months.date_day') }} as date_key,
        cast(calendars.fiscal_calendar_code as varchar(64)) as fiscal_calendar_code,
        cast(calendars.fiscal_calendar_name as varchar(255)) as fiscal_calendar_name,
        cast(calendars.week_pattern as varchar(10)) as week_pattern,
        cast(months.fiscal_year as integer) as fiscal_year,
        {{ int_div('months.fiscal_month - 1', 3) }} + 1 as fiscal_quarter,
        cast(months.fiscal_month as integer) as fiscal_month,
        cast(months.fiscal_week as integer) as fiscal_week,
        cast(months.day_of_fiscal_year as integer) as day_of_fiscal_year,
        months.date_day,
        months.fiscal_year_start_date,
        months.fiscal_year_end_date
    from calendars
    inner join months
        on
            calendars.first_month = months.first_month
            and calendars.week_pattern = months.week_pattern
            and cast(months.date_day as timestamp) >= calendars.valid_from
            and cast(months.date_day as timestamp) < calendars.valid_to
)

select * from final
