{{ config(
    indexes=[{'columns': ['date_day'], 'unique': true}],
    dist='all',
    sort='date_key',
) }}

{%- set season_events = ['thanksgiving', 'black_friday', 'cyber_monday', 'christmas'] %}

with periods as (
    select
        epoch_day,
        date_day,
        month_name,
        day_name,
        calendar_year,
        half_of_year,
        quarter_of_year,
        month_of_year,
        day_of_month,
        iso_day_of_week,
        fiscal_year,
        fiscal_quarter,
        fiscal_month,
        day_of_year,
        day_of_quarter,
        day_of_fiscal_year,
        iso_year,
        iso_week,
        days_in_year,
        iso_week_start_date,
        iso_week_end_date,
        month_start_date,
        month_end_date,
        quarter_start_date,
        quarter_end_date,
        half_start_date,
        half_end_date,
        year_start_date,
        year_end_date,
        fiscal_quarter_start_date,
        fiscal_quarter_end_date,
        fiscal_year_start_date,
        fiscal_year_end_date
    from {{ ref('int_calendar__periods') }}
),

retail_days as (
    select
        epoch_day,
        nrf_year,
        nrf_quarter,
        nrf_month,
        nrf_month_445,
        nrf_month_544,
        nrf_week,
        nrf_week_of_month,
        nrf_day_of_week,
        nrf_day_of_year,
        nrf_weeks_in_year,
        nrf_restated_year,
        nrf_restated_month,
        nrf_restated_week,
        prior_year_epoch_day,
        prior_year_published_epoch_day,
        nrf_week_start_date,
        nrf_week_end_date,
        nrf_month_start_date,
        nrf_month_end_date,
        nrf_quarter_start_date,
        nrf_quarter_end_date,
        nrf_year_start_date,
        nrf_year_end_date
    from {{ ref('int_calendar__retail_days') }}
),

events as (
    select
        event_id,
        calendar_year,
        epoch_day,
        observed_epoch_day,
        holiday_name,
        retail_event_name
    from {{ ref('int_calendar__events') }}
),

aligned_days as (
    select
        epoch_day,
        event_name,
        prior_year_epoch_day
    from {{ ref('int_calendar__aligned_days') }}
),

holidays as (
    select
        epoch_day,
        holiday_name
    from events
    where holiday_name is not null
),

observed_holidays as (
    select
        observed_epoch_day as epoch_day,
        holiday_name as holiday_observed_name
    from events
    where holiday_name is not null
),

retail_events as (
    select
        epoch_day,
        retail_event_name
    from events
    where retail_event_name is not null
),

seasons as (
    select
        calendar_year,
    {%- for event in season_events %}
        max(case when event_id = '{{ event }}' then epoch_day end) as {{ event }}
        {{- ',' if not loop.last }}
    {%- endfor %}
    from events
    group by calendar_year
),

surrounding_seasons as (
    select
        calendar_year,
    {%- for event in season_events %}
        {{ event }},
        lag({{ event }}) over (order by calendar_year) as previous_{{ event }},
        lead({{ event }}) over (order by calendar_year) as next_{{ event }}
        {{- ',' if not loop.last }}
    {%- endfor %}
    from seasons
),

final as (
    select
        periods.calendar_year * 10000
        + periods.month_of_year * 100
        + periods.day_of_month as date_key,
        periods.date_day,
        cast(
            cast(periods.calendar_year as varchar(4)) || ' H'
            || cast(periods.half_of_year as varchar(1))
            as varchar(7)
        ) as half_name,
        cast(
            cast(periods.calendar_year as varchar(4)) || ' Q'
            || cast(periods.quarter_of_year as varchar(1))
            as varchar(7)
        ) as quarter_name,
        cast(
            cast(periods.calendar_year as varchar(4)) || '-'
            || {{ two_digits('periods.month_of_year') }}
            as varchar(7)
        ) as year_month_name,
        cast(periods.month_name as varchar(9)) as month_name,
        cast(substring(periods.month_name, 1, 3) as varchar(3)) as month_short_name,
        cast(periods.day_name as varchar(9)) as day_name,
        cast(substring(periods.day_name, 1, 3) as varchar(3)) as day_short_name,
        cast(
            cast(periods.iso_year as varchar(4)) || '-W'
            || {{ two_digits('periods.iso_week') }}
            as varchar(8)
        ) as iso_week_name,
        cast(
            'FY' || cast(periods.fiscal_year as varchar(4)) || ' Q'
            || cast(periods.fiscal_quarter as varchar(1))
            as varchar(9)
        ) as fiscal_quarter_name,
        cast(
            'FY' || cast(retail_days.nrf_year as varchar(4)) || ' Q'
            || cast(retail_days.nrf_quarter as varchar(1))
            as varchar(9)
        ) as nrf_quarter_name,
        cast(
            -- Retail month 1 is February.
            {{ month_name('mod(retail_days.nrf_month, 12) + 1') }}
            as varchar(9)
        ) as nrf_month_name,
        cast(
            'FY' || cast(retail_days.nrf_year as varchar(4)) || ' W'
            || {{ two_digits('retail_days.nrf_week') }}
            as varchar(10)
        ) as nrf_week_name,
        cast(holidays.holiday_name as varchar(40)) as holiday_name,
        cast(observed_holidays.holiday_observed_name as varchar(40)) as holiday_observed_name,
        cast(retail_events.retail_event_name as varchar(40)) as retail_event_name,
        cast(coalesce(aligned_days.event_name, 'weekday') as varchar(40))
            as prior_year_holiday_basis,
        periods.epoch_day,
        periods.calendar_year,
        periods.half_of_year,
        periods.quarter_of_year,
        periods.month_of_year,
        periods.day_of_month,
        periods.day_of_quarter,
        periods.day_of_year,
        {{ int_div('periods.day_of_month - 1', 7) }} + 1 as week_of_month,
        periods.iso_year,
        periods.iso_week,
        periods.iso_day_of_week,
        retail_days.nrf_year,
        retail_days.nrf_quarter,
        retail_days.nrf_month,
        retail_days.nrf_month_445,
        retail_days.nrf_month_544,
        retail_days.nrf_week,
        retail_days.nrf_week_of_month,
        retail_days.nrf_day_of_week,
        retail_days.nrf_day_of_year,
        retail_days.nrf_weeks_in_year,
        retail_days.nrf_restated_year,
        retail_days.nrf_restated_month,
        retail_days.nrf_restated_week,
        periods.fiscal_year,
        periods.fiscal_quarter,
        periods.fiscal_month,
        periods.day_of_fiscal_year,
        periods.epoch_day - surrounding_seasons.thanksgiving as days_from_thanksgiving,
        {%- for event in season_events %}
            case
                when periods.epoch_day <= surrounding_seasons.{{ event }}
                    then surrounding_seasons.{{ event }} - periods.epoch_day
                else surrounding_seasons.next_{{ event }} - periods.epoch_day
            end as days_to_{{ event }},
            case
                when periods.epoch_day >= surrounding_seasons.{{ event }}
                    then periods.epoch_day - surrounding_seasons.{{ event }}
                else periods.epoch_day - surrounding_seasons.previous_{{ event }}
            end as days_since_{{ event }},
        {%- endfor %}
        periods.iso_day_of_week >= 6 as is_weekend,
        periods.days_in_year = 366 as is_leap_year,
        periods.date_day = periods.month_end_date as is_last_day_of_month,
        holidays.holiday_name is not null as is_holiday,
        observed_holidays.holiday_observed_name is not null as is_holiday_observed,
        retail_events.retail_event_name is not null as is_retail_event,
        periods.iso_day_of_week <= 5
        and observed_holidays.holiday_observed_name is null as is_business_day,
        periods.iso_week_start_date,
        periods.iso_week_end_date,
        periods.month_start_date,
        periods.month_end_date,
        periods.quarter_start_date,
        periods.quarter_end_date,
        periods.half_start_date,
        periods.half_end_date,
        periods.year_start_date,
        periods.year_end_date,
        periods.fiscal_quarter_start_date,
        periods.fiscal_quarter_end_date,
        periods.fiscal_year_start_date,
        periods.fiscal_year_end_date,
        retail_days.nrf_week_start_date,
        retail_days.nrf_week_end_date,
        retail_days.nrf_month_start_date,
        retail_days.nrf_month_end_date,
        retail_days.nrf_quarter_start_date,
        retail_days.nrf_quarter_end_date,
        retail_days.nrf_year_start_date,
        retail_days.nrf_year_end_date,
        cast({{ dbt.dateadd('year', -1, 'periods.date_day') }} as date) as prior_year_date,
        {{ date_from_epoch_day('periods.epoch_day - 364') }} as prior_year_weekday_date,
        {{ date_from_epoch_day('retail_days.prior_year_epoch_day') }} as prior_year_retail_date,
        {{ date_from_epoch_day('retail_days.prior_year_published_epoch_day') }}
            as prior_year_retail_published_date,
        {{ date_from_epoch_day(
            'coalesce(aligned_days.prior_year_epoch_day, periods.epoch_day - 364)'
        ) }} as prior_year_holiday_date
    from periods
    inner join retail_days
        on periods.epoch_day = retail_days.epoch_day
    inner join surrounding_seasons
        on periods.calendar_year = surrounding_seasons.calendar_year
    left join holidays
        on periods.epoch_day = holidays.epoch_day
    left join observed_holidays
        on periods.epoch_day = observed_holidays.epoch_day
    left join retail_events
        on periods.epoch_day = retail_events.epoch_day
    left join aligned_days
        on periods.epoch_day = aligned_days.epoch_day
    where
        periods.date_day >= cast('1970-01-01' as date)
        and periods.date_day <= cast('2054-12-31' as date)
)

select * from final
