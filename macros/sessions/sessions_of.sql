{#- CTEs, from `timed` to `sessions`, that give each event of a relation its session. A chain is a run of events
    of one visitor with less than the limit of inactivity between any two; sessions are the parts of a chain
    between two changes of the campaign or the channel. An event that names none changes none. Most events are
    alone in their chain: only the others are put in order again and again, with what that needs of them. -#}
{% macro sessions_of(events) -%}
{%- set criteria = var('session_ends_with') -%}
{%- set in_order = 'order by event_at, event_key' -%}
{%- set limit = session_inactivity() -%}
timed as (
    select
        *,
        case
            when event_at < lag(event_at) over (partition by visitor_id {{ in_order }}) + {{ limit }}
                then 0
            else 1
        end as begins_chain,
        case
            when lead(event_at) over (partition by visitor_id {{ in_order }}) < event_at + {{ limit }}
                then 0
            else 1
        end as ends_chain
    from {{ events }}
),

chained as (
    select
        event_key,
        visitor_id,
        campaign_id,
        channel_current_key,
        event_at,
        begins_chain,
        sum(begins_chain) over (
            partition by visitor_id {{ in_order }} rows unbounded preceding
        ) as chain_number
    from timed
    where begins_chain = 0 or ends_chain = 0
),

compared as (
    select
        *,
        {%- for criterion, column in {'campaign': 'campaign_id', 'channel': 'channel_current_key'}.items() %}
        {%- if criterion in criteria %}
        case
            when {{ column }} != lag({{ column }}) over (
                partition by
                    visitor_id,
                    chain_number,
                    case when {{ column }} is null then 0 else 1 end
                {{ in_order }}
            )
                then 1
            else 0
        end as changes_{{ criterion }}{{ ',' if not loop.last }}
        {%- else %}
        0 as changes_{{ criterion }}{{ ',' if not loop.last }}
        {%- endif %}
        {%- endfor %}
    from chained
),

opened as (
    select
        *,
        greatest(begins_chain, changes_campaign, changes_channel) as begins_session,
        case
            when begins_chain = 1 then 'inactivity'
            when changes_campaign = 1 then 'campaign'
            when changes_channel = 1 then 'channel'
        end as begun_after
    from compared
),

numbered as (
    select
        *,
        sum(begins_session) over (
            partition by visitor_id {{ in_order }} rows unbounded preceding
        ) as session_number,
        lead(begun_after) over (partition by visitor_id {{ in_order }}) as next_begun_after
    from opened
),

spanned as (
    select
        event_key,
        first_value(event_key) over (
            partition by visitor_id, chain_number {{ in_order }} rows unbounded preceding
        ) as chain_key,
        first_value(event_key) over (
            partition by visitor_id, session_number {{ in_order }} rows unbounded preceding
        ) as session_key,
        first_value(event_at) over (
            partition by visitor_id, session_number {{ in_order }} rows unbounded preceding
        ) as started_at,
        max(event_at) over (partition by visitor_id, session_number) as ended_at,
        count(*) over (partition by visitor_id, session_number) as session_events,
        max(next_begun_after) over (partition by visitor_id, session_number) as next_reason
    from numbered
),

divided as (
    select
        timed.*,
        coalesce(spanned.chain_key, timed.event_key) as chain_key,
        coalesce(spanned.session_key, timed.event_key) as session_key,
        coalesce(spanned.started_at, timed.event_at) as started_at,
        coalesce(spanned.ended_at, timed.event_at) as ended_at,
        coalesce(spanned.session_events, 1) as session_events,
        coalesce(spanned.next_reason, 'inactivity') as ended_by
    from timed
    left join spanned on timed.event_key = spanned.event_key
),

sessions as (
    select
        *,
        case
            when ended_at > started_at + interval '{{ var("session_most_hours") }} hours'
                then 'too_long'
            when session_events > {{ var('session_most_events') }} then 'too_many_events'
        end as quarantine_reason
    from divided
)
{%- endmacro %}
