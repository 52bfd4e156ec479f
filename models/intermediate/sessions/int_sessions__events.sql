{{
    config(
        materialized='incremental',
        incremental_strategy='delete_insert_noting_days',
        unique_key='event_key',
        on_schema_change='fail',
        meta={'day': 'session_date_key'},
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
            "{{ keep_noted_days(
                'count(*) as records, count(quarantine_reason) as set_aside, '
                'cast(sum(session_state) as numeric(38, 0)) as state'
            ) }}",
            "{{ remember_days('int_sessions__received') }}",
            "{{ remember_stitches() }}",
            "{{ remember('int_channels__assigned') }}",
            "{{ remember('int_members__versions') }}",
        ],
    )
}}

{%- set limit = session_inactivity() -%}
{%- set days = outdated_event_days() if is_incremental() else [] -%}
{%- set stitch = ['identifier_id', 'visitor_id', 'stitched_by'] %}

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
        copy_number,
        first_delivered_at,
        event_at
    from {{ ref('int_sessions__received') }}
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
    changed_stitches as (
        {{ changed_rows(
            'int_visitors__stitched', stitch, 'not is_blocked and ' ~ is_stitched_anew()
        ) | indent(8) }}
    ),

    moved as (
        select distinct identifier_id
        from changed_stitches
    ),

    -- Events of a visitor who is somebody else now, or was stitched by another rule. They and the
    -- chains are read anew for each question: what is selected once for several is stored.
    moved_events as (
        select
            received.event_key,
            case
                when stitched.visitor_id is not null then stitched.visitor_id
                when received.identifier_kind = 'click_id' then received.fallback_id
                else received.identifier_id
            end as visitor_id,
            received.date_key,
            received.event_at
        from (select * from {{ ref('int_sessions__received') }}) as received
        inner join moved on received.identifier_id = moved.identifier_id
        left join stitched on received.identifier_id = stitched.identifier_id
        where received.copy_number = 1
    ),

    -- A chain is made anew as a whole when an event of it, or one that may join it, is.
    outdated_chains as (
        select chain_key
        from {{ this }}
        where {{ on_days(days, 'date_key', 'event_at') }}
        union
        select chain_key
        from {{ this }}
        where {{ on_days(days, reporting_date_key('event_at + ' ~ limit), 'event_at') }}
        union
        select chain_key
        from {{ this }}
        where {{ on_days(days, reporting_date_key('event_at - ' ~ limit), 'event_at') }}
        union
        select assigned.chain_key
        from {{ this }} as assigned
        inner join moved_events on assigned.event_key = moved_events.event_key
        union
        select assigned.chain_key
        from {{ this }} as assigned
        inner join moved_events
            on
                assigned.visitor_id = moved_events.visitor_id
                and assigned.event_at > moved_events.event_at - {{ limit }}
                and assigned.event_at < moved_events.event_at + {{ limit }}
    ),

    -- The day says nothing more, but spares the engines the other days. That the first copy counts
    -- is said here: as a condition on what is received DuckDB would think it so rare that it read
    -- the events of all days into memory.
    outdated_events as (
        select
            assigned.event_key,
            assigned.date_key,
            1 as copy_number
        from {{ this }} as assigned
        inner join outdated_chains on assigned.chain_key = outdated_chains.chain_key
        union
        select
            event_key,
            date_key,
            1 as copy_number
        from moved_events
        union
        select
            event_key,
            date_key,
            copy_number
        from {{ ref('int_sessions__received') }}
        where copy_number = 1 and {{ on_days(days, 'date_key', 'event_at') }}
    ),

    chosen as (
        select received.*
        from received
        inner join outdated_events
            on
                received.event_key = outdated_events.event_key
                and received.date_key = outdated_events.date_key
                and received.copy_number = outdated_events.copy_number
    ),
{% else %}
    chosen as (
        select *
        from received
        where copy_number = 1
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
