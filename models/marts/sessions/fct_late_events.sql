{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        on_schema_change='fail',
        pre_hook="{{ forget_changed_days('int_sessions__received') }}",
        post_hook="{{ remember_days('int_sessions__received') }}",
    )
}}

{%- set on_changed_days = '1 = 1' %}
{%- if is_incremental() %}
    {%- set on_changed_days = in_list('date_key', changed_days('int_sessions__received')) %}
{%- endif %}

with

received as (
    select
        source_name,
        date_key,
        cast({{ reporting_timestamp('event_at') }} as date) as event_date,
        cast({{ reporting_timestamp('first_delivered_at') }} as date) as delivered_date
    from {{ ref('int_sessions__received') }}
    where copy_number = 1 and {{ on_changed_days }}
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
