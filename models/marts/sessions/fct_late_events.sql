with

received as (
    select
        source_name,
        date_key,
        cast({{ reporting_timestamp('event_at') }} as date) as event_date,
        cast({{ reporting_timestamp('first_delivered_at') }} as date) as delivered_date
    from {{ ref('int_sessions__received') }}
    where copy_number = 1
),

waited as (
    select
        source_name,
        date_key,
        event_date,
        delivered_date - event_date as days_late
    from received
),

final as (
    select
        {{ dimension_key(['date_key', 'source_name']) }} as late_events_key,
        date_key,
        cast(source_name as varchar(63)) as source_name,
        cast(count(*) as bigint) as events,
        cast(count(case when days_late > {{ var('late_after_days') }} then 1 end) as bigint)
            as late_events,
        cast(max(days_late) as integer) as most_days_late,
        event_date
    from waited
    group by
        date_key,
        source_name,
        event_date
)

select * from final
