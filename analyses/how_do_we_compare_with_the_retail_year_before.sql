-- "How do this retail year's clicks compare, week by week, with the year before?"
-- A calendar date is the wrong comparison in retail: weeks start on Sunday and holidays move. Each
-- day is compared with the day of the same restated week and weekday a year earlier, so a week
-- always meets a whole week, also after a year of 53 weeks.

with

days as (
    select
        date_day,
        nrf_restated_year,
        nrf_restated_week,
        prior_year_retail_date
    from {{ ref('dim_date') }}
),

clicks as (
    select
        clicked_date,
        count(*) as clicks
    from {{ ref('fct_clicks') }}
    group by clicked_date
),

final as (
    select
        days.nrf_restated_year,
        days.nrf_restated_week,
        sum(this_year.clicks) as clicks,
        sum(year_before.clicks) as clicks_year_before
    from days
    inner join clicks as this_year on days.date_day = this_year.clicked_date
    left join clicks as year_before on days.prior_year_retail_date = year_before.clicked_date
    group by
        days.nrf_restated_year,
        days.nrf_restated_week
)

select * from final
order by
    nrf_restated_year,
    nrf_restated_week
