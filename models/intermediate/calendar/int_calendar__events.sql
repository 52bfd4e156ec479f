{{ config(
    materialized='table',
    indexes=[{'columns': ['event_id', 'calendar_year'], 'unique': true}],
) }}

with rules as (
    select
        rule_id,
        event_id,
        holiday_name,
        retail_event_name,
        first_year,
        last_year,
        anchor,
        anchor_month,
        anchor_day,
        anchor_weekday,
        offset_days,
        aligned_days_before,
        aligned_days_after
    from {{ ref('calendar_events') }}
),

days as (
    select
        epoch_day,
        calendar_year,
        month_of_year,
        day_of_month,
        iso_day_of_week
    from {{ ref('int_calendar__days') }}
),

easters as (
    select
        calendar_year,
        epoch_day
    from {{ ref('int_calendar__easters') }}
),

-- "The n-th Monday" and "the last Monday" are both "the first Monday on or after a date".
dated as (
    select
        rules.rule_id,
        rules.event_id,
        days.calendar_year,
        days.epoch_day
        + coalesce(mod(rules.anchor_weekday - days.iso_day_of_week + 7, 7), 0)
        + rules.offset_days as epoch_day,
        rules.holiday_name,
        rules.retail_event_name,
        rules.first_year,
        rules.last_year,
        rules.aligned_days_before,
        rules.aligned_days_after
    from rules
    inner join days
        on
            rules.anchor_month = days.month_of_year
            and rules.anchor_day = days.day_of_month
    where rules.anchor = 'date'

    union all

    select
        rules.rule_id,
        rules.event_id,
        easters.calendar_year,
        easters.epoch_day + rules.offset_days as epoch_day,
        rules.holiday_name,
        rules.retail_event_name,
        rules.first_year,
        rules.last_year,
        rules.aligned_days_before,
        rules.aligned_days_after
    from rules
    cross join easters
    where rules.anchor = 'easter'
),

in_force as (
    select
        rule_id,
        event_id,
        calendar_year,
        epoch_day,
        holiday_name,
        retail_event_name,
        aligned_days_before,
        aligned_days_after,
        {{ iso_day_of_week('epoch_day') }} as iso_day_of_week
    from dated
    where
        calendar_year >= coalesce(first_year, calendar_year)
        and calendar_year <= coalesce(last_year, calendar_year)
),

final as (
    select
        rule_id,
        event_id,
        calendar_year,
        epoch_day,
        -- 5 U.S.C. 6103(b) and Executive Order 11582 (before it 10358): instead of a legal public
        -- holiday on a Saturday the day before is free, instead of one on a Sunday the day after.
        case
            when holiday_name is null then null
            when iso_day_of_week = 6 then epoch_day - 1
            when iso_day_of_week = 7 then epoch_day + 1
            else epoch_day
        end as observed_epoch_day,
        holiday_name,
        retail_event_name,
        aligned_days_before,
        aligned_days_after
    from in_force
)

select * from final
