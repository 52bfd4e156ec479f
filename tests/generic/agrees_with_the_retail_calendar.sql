{#- Calendars of the shape of the NRF's, which `dim_date` has as published. -#}
{% test agrees_with_the_retail_calendar(model) %}
    select
        fiscal_dates.fiscal_calendar_code,
        fiscal_dates.date_key,
        fiscal_dates.fiscal_year,
        fiscal_dates.fiscal_month,
        fiscal_dates.fiscal_week
    from {{ model }} as fiscal_dates
    inner join {{ ref('int_master__fiscal_calendar_versions') }} as calendars
        on
            fiscal_dates.fiscal_calendar_code = calendars.fiscal_calendar_code
            and cast(fiscal_dates.date_day as timestamp) >= calendars.valid_from
            and cast(fiscal_dates.date_day as timestamp) < calendars.valid_to
    inner join {{ ref('dim_date') }} as dates on fiscal_dates.date_key = dates.date_key
    where
        calendars.first_month = 2
        and fiscal_dates.week_pattern != 'months'
        and (
            fiscal_dates.fiscal_year != dates.nrf_year + 1
            or fiscal_dates.fiscal_week != dates.nrf_week
            or fiscal_dates.fiscal_month != case fiscal_dates.week_pattern
                when '4-5-4' then dates.nrf_month
                when '4-4-5' then dates.nrf_month_445
                else dates.nrf_month_544
            end
        )
{% endtest %}
