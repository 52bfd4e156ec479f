{{ config(materialized='table', indexes=[{'columns': ['epoch_day'], 'unique': true}]) }}

with events as (
    select
        rule_id,
        event_id,
        calendar_year,
        epoch_day,
        holiday_name,
        retail_event_name,
        aligned_days_before,
        aligned_days_after
    from {{ ref('int_calendar__events') }}
),

numbers as (
    {{ integer_spine(100) }}
),

offsets as (
    select number - 50 as day_offset
    from numbers
),

pairs as (
    select
        this_year.rule_id,
        this_year.event_id,
        coalesce(this_year.retail_event_name, this_year.holiday_name) as event_name,
        this_year.epoch_day,
        prior_year.epoch_day as prior_year_epoch_day,
        case when this_year.holiday_name is null then 1 else 0 end as holiday_rank,
        this_year.aligned_days_before,
        this_year.aligned_days_after
    from events as this_year
    inner join events as prior_year
        on
            this_year.event_id = prior_year.event_id
            and this_year.calendar_year = prior_year.calendar_year + 1
),

candidates as (
    select
        pairs.epoch_day + offsets.day_offset as epoch_day,
        pairs.rule_id,
        pairs.event_id,
        pairs.event_name,
        offsets.day_offset,
        pairs.prior_year_epoch_day + offsets.day_offset as prior_year_epoch_day,
        pairs.holiday_rank
    from pairs
    inner join offsets
        on
            pairs.aligned_days_before >= -offsets.day_offset
            and pairs.aligned_days_after >= offsets.day_offset
),

-- The event itself comes before days around another one, a nearer event before a farther one, and
-- a federal holiday before a retail event of the same day.
ranked as (
    select
        epoch_day,
        event_id,
        event_name,
        day_offset,
        prior_year_epoch_day,
        row_number() over (
            partition by epoch_day
            order by abs(day_offset), holiday_rank, rule_id
        ) as choice
    from candidates
),

final as (
    select
        epoch_day,
        event_id,
        event_name,
        day_offset,
        prior_year_epoch_day
    from ranked
    where choice = 1
)

select * from final
