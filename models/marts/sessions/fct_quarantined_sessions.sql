{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        on_schema_change='fail',
        pre_hook="{{ forget_changed_days('int_sessions__events') }}",
        post_hook="{{ remember_days('int_sessions__events') }}",
        dist='session_key',
        sort=['date_key'],
        indexes=[{'columns': ['date_key']}, {'columns': ['session_key'], 'unique': True}],
    )
}}

-- depends_on: {{ ref('int_sessions__events') }}

{%- set on_outdated_days = '1 = 1' %}
{%- if is_incremental() %}
    {%- set on_outdated_days = in_list(
        'session_date_key',
        outdated_session_days(),
    ) %}
{%- endif %}

with

visits as (
    select
        session_key,
        session_date_key,
        visitor_id,
        visitor_rule,
        quarantine_reason,
        events,
        clicks,
        page_views,
        events_state,
        started_at,
        ended_at
    from {{ ref('int_sessions__visits') }}
    where quarantine_reason is not null and {{ on_outdated_days }}
),

final as (
    select
        session_key,
        session_date_key as date_key,
        visitor_id,
        cast(visitor_rule as varchar(20)) as visitor_rule,
        cast(quarantine_reason as varchar(20)) as quarantine_reason,
        events,
        clicks,
        page_views,
        {{ seconds_between('started_at', 'ended_at') }} as duration_seconds,
        events_state,
        started_at,
        ended_at
    from visits
)

select * from final
