{{ config(materialized='view') }}

with dates as (
    select
        date_key,
        date_day,
        calendar_year,
        quarter_of_year,
        month_of_year,
        nrf_year,
        fiscal_year,
        epoch_day,
        iso_week_start_date,
        month_start_date,
        quarter_start_date,
        year_start_date,
        fiscal_year_start_date,
        nrf_week_start_date,
        nrf_month_start_date,
        nrf_year_start_date
    from {{ ref('dim_date') }}
),

today as (
    select
        date_day,
        calendar_year,
        quarter_of_year,
        month_of_year,
        nrf_year,
        fiscal_year,
        epoch_day,
        iso_week_start_date,
        month_start_date,
        quarter_start_date,
        year_start_date,
        fiscal_year_start_date,
        nrf_week_start_date,
        nrf_month_start_date,
        nrf_year_start_date,
        cast({{ dbt.dateadd('year', -1, 'date_day') }} as date) as year_ago_date,
        cast({{ dbt.dateadd('year', -1, 'year_start_date') }} as date) as year_ago_start_date
    from dates
    where date_day = {{ reporting_today() }}
),

final as (
    select
        dates.date_key,
        dates.date_day,
        dates.epoch_day - today.epoch_day as days_from_today,
        {{ int_div(
            "dates.epoch_day - today.epoch_day + " ~ iso_day_of_week('today.epoch_day') ~ " - 1", 7
        ) }} as iso_weeks_from_today,
        (dates.calendar_year - today.calendar_year) * 12
        + dates.month_of_year - today.month_of_year as months_from_today,
        (dates.calendar_year - today.calendar_year) * 4
        + dates.quarter_of_year - today.quarter_of_year as quarters_from_today,
        dates.calendar_year - today.calendar_year as years_from_today,
        dates.nrf_year - today.nrf_year as nrf_years_from_today,
        dates.fiscal_year - today.fiscal_year as fiscal_years_from_today,
        dates.date_day = today.date_day as is_today,
        dates.epoch_day = today.epoch_day - 1 as is_yesterday,
        dates.date_day > today.date_day as is_future,
        dates.epoch_day between today.epoch_day - 7 and today.epoch_day - 1 as is_last_7_days,
        dates.epoch_day between today.epoch_day - 28 and today.epoch_day - 1 as is_last_28_days,
        dates.epoch_day between today.epoch_day - 30 and today.epoch_day - 1 as is_last_30_days,
        dates.epoch_day between today.epoch_day - 90 and today.epoch_day - 1 as is_last_90_days,
        dates.iso_week_start_date = today.iso_week_start_date as is_current_iso_week,
        dates.month_start_date = today.month_start_date as is_current_month,
        dates.quarter_start_date = today.quarter_start_date as is_current_quarter,
        dates.year_start_date = today.year_start_date as is_current_year,
        dates.nrf_week_start_date = today.nrf_week_start_date as is_current_nrf_week,
        dates.nrf_month_start_date = today.nrf_month_start_date as is_current_nrf_month,
        dates.nrf_year_start_date = today.nrf_year_start_date as is_current_nrf_year,
        dates.fiscal_year_start_date = today.fiscal_year_start_date as is_current_fiscal_year,
        dates.date_day between today.iso_week_start_date and today.date_day as is_week_to_date,
        dates.date_day between today.month_start_date and today.date_day as is_month_to_date,
        dates.date_day between today.quarter_start_date and today.date_day as is_quarter_to_date,
        dates.date_day between today.year_start_date and today.date_day as is_year_to_date,
        dates.date_day between today.nrf_year_start_date and today.date_day
            as is_nrf_year_to_date,
        dates.date_day between today.fiscal_year_start_date and today.date_day
            as is_fiscal_year_to_date,
        dates.date_day between today.year_ago_start_date and today.year_ago_date
            as is_prior_year_to_date
    from dates
    cross join today
)

select * from final
