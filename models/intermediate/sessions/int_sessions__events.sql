{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='event_key',
        on_schema_change='fail',
        contract={'enforced': true},
        dist='event_key',
        sort=['date_key'],
        indexes=[
            {'columns': ['event_key'], 'unique': true},
            {'columns': ['date_key']},
            {'columns': ['chain_key']},
            {'columns': ['session_date_key']},
        ],
        post_hook=[
            "{{ forget_gone_events() }}",
            "{{ remember('int_visitors__stitched') }}",
        ],
    )
}}

{%- set limit = session_inactivity() -%}
{%- set days = outdated_event_days() if is_incremental() else [] -%}

with

received as (
    select
        event_key,
        file_id,
        line_number,
        identifier_id,
        fallback_id,
        traffic_source_key,
        campaign_id,
        network_code,
        partner_source_id,
        identifier_kind,
        date_key,
        first_delivered_at,
        event_at
    from {{ ref('int_sessions__received') }}
    where copy_number = 1
),

stitched as (
    select
        identifier_id,
        visitor_id,
        stitched_by
    from {{ ref('int_visitors__stitched') }}
    where not is_blocked
),

channels as (
    select
        {{ dimension_key(['source', 'medium', 'campaign']) }} as traffic_source_key,
        channel_current_key,
        channel_code,
        yields_to_partner
    from {{ ref('int_channels__assigned') }}
),

partner_versions as (
    {{ member_versions('partner') | indent(4) }}
),

{% if is_incremental() %}
    remembered_stitches as (
        select
            identifier_id,
            visitor_id,
            stitched_by
        from {{ remembered('int_visitors__stitched') }}
        where not is_blocked
    ),

    gained as (
        select
            identifier_id,
            visitor_id,
            stitched_by
        from stitched
        except
        select
            identifier_id,
            visitor_id,
            stitched_by
        from remembered_stitches
    ),

    lost as (
        select
            identifier_id,
            visitor_id,
            stitched_by
        from remembered_stitches
        except
        select
            identifier_id,
            visitor_id,
            stitched_by
        from stitched
    ),

    moved as (
        select identifier_id from gained
        union
        select identifier_id from lost
    ),

    -- Events of a visitor who is somebody else now, or was stitched by another rule.
    moved_events as (
        select
            received.event_key,
            case
                when stitched.visitor_id is not null then stitched.visitor_id
                when received.identifier_kind = 'click_id' then received.fallback_id
                else received.identifier_id
            end as visitor_id,
            received.event_at
        from received
        inner join moved on received.identifier_id = moved.identifier_id
        left join stitched on received.identifier_id = stitched.identifier_id
    ),

    assigned as (
        select
            event_key,
            chain_key,
            visitor_id,
            date_key,
            event_at
        from {{ this }}
    ),

    -- A chain is made anew as a whole when an event of it, or one that may join it, is.
    outdated_chains as (
        select chain_key
        from assigned
        where {{ on_days(days, 'date_key', 'event_at') }}
        union
        select chain_key
        from assigned
        where {{ on_days(days, reporting_date_key('event_at + ' ~ limit), 'event_at') }}
        union
        select chain_key
        from assigned
        where {{ on_days(days, reporting_date_key('event_at - ' ~ limit), 'event_at') }}
        union
        select assigned.chain_key
        from assigned
        inner join moved_events on assigned.event_key = moved_events.event_key
        union
        select assigned.chain_key
        from assigned
        inner join moved_events
            on
                assigned.visitor_id = moved_events.visitor_id
                and assigned.event_at > moved_events.event_at - {{ limit }}
                and assigned.event_at < moved_events.event_at + {{ limit }}
    ),

    outdated_events as (
        select assigned.event_key
        from assigned
        inner join outdated_chains on assigned.chain_key = outdated_chains.chain_key
        union
        select event_key
        from moved_events
        union
        select event_key
        from received
        where {{ on_days(days, 'date_key', 'event_at') }}
    ),

    chosen as (
        select received.*
        from received
        inner join outdated_events on received.event_key = outdated_events.event_key
    ),
{% else %}
    chosen as (
        select *
        from received
    ),
{% endif %}
identified as (
    select
        chosen.event_key,
        chosen.file_id,
        chosen.line_number,
        chosen.identifier_id,
        case
            when stitched.visitor_id is not null then stitched.visitor_id
            when chosen.identifier_kind = 'click_id' then chosen.fallback_id
            else chosen.identifier_id
        end as visitor_id,
        -- A click id that nobody landed with names nobody: the click is its address's.
        case
            when stitched.visitor_id is not null then stitched.stitched_by
            when chosen.identifier_kind != 'click_id' then chosen.identifier_kind
            when chosen.fallback_id = chosen.event_key then 'none'
            else 'address'
        end as visitor_rule,
        {{ naming_channel('channels', 'partner_versions') }} as channel_current_key,
        chosen.campaign_id,
        chosen.date_key,
        chosen.first_delivered_at,
        chosen.event_at
    from chosen
    left join stitched on chosen.identifier_id = stitched.identifier_id
    left join channels on chosen.traffic_source_key = channels.traffic_source_key
    left join partner_versions
        on
            {{ is_version_at('chosen', 'partner', 'chosen.event_at') | indent(12) }}
),

{{ sessions_of('identified') }},

stated as (
    select
        *,
        {{ event_state() }} as event_state
    from sessions
),

final as (
    select
        event_key,
        session_key,
        chain_key,
        visitor_id,
        identifier_id,
        channel_current_key,
        date_key,
        {{ reporting_date_key('started_at') }} as session_date_key,
        cast(event_state as bigint) as event_state,
        cast({{ session_state() }} as bigint) as session_state,
        cast(session_events as integer) as session_events,
        cast(visitor_rule as varchar(20)) as visitor_rule,
        cast(ended_by as varchar(20)) as ended_by,
        cast(quarantine_reason as varchar(20)) as quarantine_reason,
        event_at
    from stated
)

select * from final
