{{ config(
    indexes=[{'columns': ['date_day'], 'unique': true}],
    dist='all',
    sort='date_key',
) }}

{%- set start_month = fiscal_year_start_month() -%}
{%- set season_events = ['thanksgiving', 'black_friday', 'cyber_monday', 'christmas'] %}

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

periods as (
    select
        epoch_day,
        date_day,
        calendar_year,
        {{ int_div('month_of_year - 1', 6) }} + 1 as half_of_year,
        {{ int_div('month_of_year - 1', 3) }} + 1 as quarter_of_year,
        month_of_year,
        day_of_month,
        iso_day_of_week,
        epoch_day - iso_day_of_week as iso_week_id,
        -- A fiscal year is named by the calendar year in which it ends.
        case
            when month_of_year >= {{ start_month if start_month > 1 else 13 }} then calendar_year + 1
            else calendar_year
        end as fiscal_year,
        mod(month_of_year - {{ start_month }} + 12, 12) + 1 as fiscal_month
    from days
),

fiscal_quarters as (
    select
        epoch_day,
        date_day,
        calendar_year,
        half_of_year,
        quarter_of_year,
        month_of_year,
        day_of_month,
        iso_day_of_week,
        iso_week_id,
        fiscal_year,
        {{ int_div('fiscal_month - 1', 3) }} + 1 as fiscal_quarter,
        fiscal_month,
        epoch_day - min(epoch_day) over (partition by calendar_year) + 1 as day_of_year
    from periods
),

bounded as (
    select
        epoch_day,
        date_day,
        {{ month_name('month_of_year') }} as month_name,
        {{ day_name('iso_day_of_week') }} as day_name,
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
        epoch_day
        - min(epoch_day) over (partition by calendar_year, quarter_of_year) + 1
            as day_of_quarter,
        epoch_day - min(epoch_day) over (partition by fiscal_year) + 1 as day_of_fiscal_year,
        -- ISO 8601: a week belongs to the year that has its Thursday.
        max(case when iso_day_of_week = 4 then calendar_year end)
            over (partition by iso_week_id)
            as iso_year,
        max(case when iso_day_of_week = 4 then {{ int_div('day_of_year - 1', 7) }} + 1 end)
            over (partition by iso_week_id)
            as iso_week,
        count(*) over (partition by calendar_year) as days_in_year,
        min(date_day) over (partition by iso_week_id) as iso_week_start_date,
        max(date_day) over (partition by iso_week_id) as iso_week_end_date,
        min(date_day) over (partition by calendar_year, month_of_year) as month_start_date,
        max(date_day) over (partition by calendar_year, month_of_year) as month_end_date,
        min(date_day) over (partition by calendar_year, quarter_of_year) as quarter_start_date,
        max(date_day) over (partition by calendar_year, quarter_of_year) as quarter_end_date,
        min(date_day) over (partition by calendar_year, half_of_year) as half_start_date,
        max(date_day) over (partition by calendar_year, half_of_year) as half_end_date,
        min(date_day) over (partition by calendar_year) as year_start_date,
        max(date_day) over (partition by calendar_year) as year_end_date,
        min(date_day) over (partition by fiscal_year, fiscal_quarter)
            as fiscal_quarter_start_date,
        max(date_day) over (partition by fiscal_year, fiscal_quarter) as fiscal_quarter_end_date,
        min(date_day) over (partition by fiscal_year) as fiscal_year_start_date,
        max(date_day) over (partition by fiscal_year) as fiscal_year_end_date
    from fiscal_quarters
),

final as (
    select
        bounded.calendar_year * 10000
        + bounded.month_of_year * 100
        + bounded.day_of_month as date_key,
        bounded.date_day,
        cast(
            cast(bounded.calendar_year as varchar(4)) || ' H'
            || cast(bounded.half_of_year as varchar(1))
            as varchar(7)
        ) as half_name,
        cast(
            cast(bounded.calendar_year as varchar(4)) || ' Q'
            || cast(bounded.quarter_of_year as varchar(1))
            as varchar(7)
        ) as quarter_name,
        cast(
            cast(bounded.calendar_year as varchar(4)) || '-'
            || {{ two_digits('bounded.month_of_year') }}
            as varchar(7)
        ) as year_month_name,
        cast(bounded.month_name as varchar(9)) as month_name,
        cast(substring(bounded.month_name, 1, 3) as varchar(3)) as month_short_name,
        cast(bounded.day_name as varchar(9)) as day_name,
        cast(substring(bounded.day_name, 1, 3) as varchar(3)) as day_short_name,
        cast(
            cast(bounded.iso_year as varchar(4)) || '-W'
            || {{ two_digits('bounded.iso_week') }}
            as varchar(8)
        ) as iso_week_name,
        cast(
            'FY' || cast(bounded.fiscal_year as varchar(4)) || ' Q'
            || cast(bounded.fiscal_quarter as varchar(1))
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
        bounded.epoch_day,
        bounded.calendar_year,
        bounded.half_of_year,
        bounded.quarter_of_year,
        bounded.month_of_year,
        bounded.day_of_month,
        bounded.day_of_quarter,
        bounded.day_of_year,
        {{ int_div('bounded.day_of_month - 1', 7) }} + 1 as week_of_month,
        bounded.iso_year,
        bounded.iso_week,
        bounded.iso_day_of_week,
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
        bounded.fiscal_year,
        bounded.fiscal_quarter,
        bounded.fiscal_month,
        bounded.day_of_fiscal_year,
        bounded.epoch_day - surrounding_seasons.thanksgiving as days_from_thanksgiving,
        {%- for event in season_events %}
            case
                when bounded.epoch_day <= surrounding_seasons.{{ event }}
                    then surrounding_seasons.{{ event }} - bounded.epoch_day
                else surrounding_seasons.next_{{ event }} - bounded.epoch_day
            end as days_to_{{ event }},
            case
                when bounded.epoch_day >= surrounding_seasons.{{ event }}
                    then bounded.epoch_day - surrounding_seasons.{{ event }}
                else bounded.epoch_day - surrounding_seasons.previous_{{ event }}
            end as days_since_{{ event }},
        {%- endfor %}
        bounded.iso_day_of_week >= 6 as is_weekend,
        bounded.days_in_year = 366 as is_leap_year,
        bounded.date_day = bounded.month_end_date as is_last_day_of_month,
        holidays.holiday_name is not null as is_holiday,
        observed_holidays.holiday_observed_name is not null as is_holiday_observed,
        retail_events.retail_event_name is not null as is_retail_event,
        bounded.iso_day_of_week <= 5
        and observed_holidays.holiday_observed_name is null as is_business_day,
        bounded.iso_week_start_date,
        bounded.iso_week_end_date,
        bounded.month_start_date,
        bounded.month_end_date,
        bounded.quarter_start_date,
        bounded.quarter_end_date,
        bounded.half_start_date,
        bounded.half_end_date,
        bounded.year_start_date,
        bounded.year_end_date,
        bounded.fiscal_quarter_start_date,
        bounded.fiscal_quarter_end_date,
        bounded.fiscal_year_start_date,
        bounded.fiscal_year_end_date,
        retail_days.nrf_week_start_date,
        retail_days.nrf_week_end_date,
        retail_days.nrf_month_start_date,
        retail_days.nrf_month_end_date,
        retail_days.nrf_quarter_start_date,
        retail_days.nrf_quarter_end_date,
        retail_days.nrf_year_start_date,
        retail_days.nrf_year_end_date,
        cast({{ dbt.dateadd('year', -1, 'bounded.date_day') }} as date) as prior_year_date,
        {{ date_from_epoch_day('bounded.epoch_day - 364') }} as prior_year_weekday_date,
        {{ date_from_epoch_day('retail_days.prior_year_epoch_day') }} as prior_year_retail_date,
        {{ date_from_epoch_day('retail_days.prior_year_published_epoch_day') }}
            as prior_year_retail_published_date,
        {{ date_from_epoch_day(
            'coalesce(aligned_days.prior_year_epoch_day, bounded.epoch_day - 364)'
        ) }} as prior_year_holiday_date
    from bounded
    inner join retail_days
        on bounded.epoch_day = retail_days.epoch_day
    inner join surrounding_seasons
        on bounded.calendar_year = surrounding_seasons.calendar_year
    left join holidays
        on bounded.epoch_day = holidays.epoch_day
    left join observed_holidays
        on bounded.epoch_day = observed_holidays.epoch_day
    left join retail_events
        on bounded.epoch_day = retail_events.epoch_day
    left join aligned_days
        on bounded.epoch_day = aligned_days.epoch_day
    where
        bounded.date_day >= cast('1970-01-01' as date)
        and bounded.date_day <= cast('2054-12-31' as date)
)

select * from final
