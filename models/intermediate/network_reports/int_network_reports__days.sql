{{ config(materialized='table', sort=['report_key', 'date_day']) }}

with

lines as (
    select
        report_key,
        reported_date,
        file_id,
        clicks,
        sales_until,
        pulled_at
    from {{ ref('int_network_reports__compared') }}
),

calendar as (
    select date_day
    from {{ ref('int_calendar__days') }}
),

-- A file is a pull of all days from its first to its last: a day without a line had nothing.
ranges as (
    select
        file_id,
        min(reported_date) as first_date,
        max(reported_date) as last_date
    from lines
    group by file_id
),

pulls as (
    select
        report_key,
        file_id,
        min(sales_until) as sales_until,
        max(pulled_at) as pulled_at,
        max(case when clicks is not null then 1 else 0 end) as says_clicks
    from lines
    group by report_key, file_id
),

numbered as (
    select
        pulls.report_key,
        calendar.date_day,
        pulls.sales_until,
        pulls.pulled_at,
        pulls.says_clicks,
        row_number() over (
            partition by pulls.report_key, calendar.date_day
            order by pulls.pulled_at desc, pulls.file_id desc
        ) as choice,
        row_number() over (
            partition by pulls.report_key, calendar.date_day, pulls.says_clicks
            order by pulls.pulled_at desc, pulls.file_id desc
        ) as choice_of_kind
    from pulls
    inner join ranges on pulls.file_id = ranges.file_id
    inner join calendar
        on
            ranges.first_date <= calendar.date_day
            and ranges.last_date >= calendar.date_day
),

final as (
    select
        report_key,
        date_day,
        max(case when choice = 1 then sales_until end) as sales_until,
        max(
            case
                when says_clicks = 1 and choice_of_kind = 1 then coalesce(sales_until, pulled_at)
            end
        ) as clicks_until,
        max(case when choice = 1 then pulled_at end) as pulled_at
    from numbered
    group by report_key, date_day
)

select * from final
