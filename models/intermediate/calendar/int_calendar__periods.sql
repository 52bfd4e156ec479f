{{ config(materialized='table', indexes=[{'columns': ['epoch_day'], 'unique': true}]) }}

{%- set start_month = fiscal_year_start_month() %}
{#- A fiscal year is named by the calendar year in which it ends: the next one, from the month in
    which it starts; with a start in January, never. -#}
{%- set next_from_month = start_month if start_month > 1 else 13 %}

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
        case
            when month_of_year >= {{ next_from_month }} then calendar_year + 1
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

final as (
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
)

select * from final
