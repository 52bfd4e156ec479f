{#- Of most sessions there is nothing to put in order: they have one event. Each part reads for
    itself, since what is selected once for two uses would be stored in between. -#}
{%- set parts = {'alone': 'session_events = 1', 'together': 'session_events > 1'} -%}

with

{% for part, condition in parts.items() %}
    {{ part }}_assigned as (
        select
            event_key,
            session_key,
            visitor_id,
            channel_current_key,
            date_key,
            session_date_key,
            session_state,
            session_events,
            visitor_rule,
            ended_by,
            quarantine_reason,
            event_at
        from {{ ref('int_sessions__events') }}
        where {{ condition }}
    ),

    {{ part }}_received as (
        select
            event_key,
            device_key,
            network_code,
            advertiser_source_id,
            partner_source_id,
            page,
            country_code,
            date_key,
            copy_number,
            is_click,
            is_page_view,
            first_delivered_at
        from {{ ref('int_sessions__received') }}
    ),

    {{ part }} as (
        select
            assigned.event_key,
            assigned.session_key,
            assigned.session_date_key,
            assigned.visitor_id,
            assigned.channel_current_key,
            assigned.session_state,
            assigned.visitor_rule,
            assigned.ended_by,
            assigned.quarantine_reason,
            assigned.event_at,
            received.device_key,
            received.network_code,
            received.advertiser_source_id,
            received.partner_source_id,
            received.page,
            received.country_code,
            case when received.is_click then 1 end as click,
            case when received.is_page_view then 1 end as page_view,
            {{ reporting_date_key('received.first_delivered_at') }} as delivered_date_key
        from {{ part }}_assigned as assigned
        inner join {{ part }}_received as received
            on
                assigned.event_key = received.event_key
                -- Says nothing more, but spares the engines the other days.
                and assigned.date_key = received.date_key
                -- The first copy. As a condition of its own DuckDB would think it so rare that it
                -- read the events of all days into memory.
                and least(assigned.session_events, 1) = received.copy_number
    ),

{% endfor %}
-- One order for all: how many events so far have a page, are a click, and so on. The first one that
-- has is number 1, the last one has the number of all.
counted as (
    select
        *,
        {% for column in ['page', 'click', 'channel_current_key', 'device_key', 'country_code'] %}
            count({{ column }}) over (
                partition by session_date_key, session_key
                order by event_at, event_key
                rows unbounded preceding
            ) as nth_{{ column }},
        {% endfor %}
        count(page) over (partition by session_date_key, session_key) as pages,
        count(channel_current_key) over (partition by session_date_key, session_key) as channels
    from together
),

-- The days of delivery are grouped by, and not counted as different values: for that DuckDB would
-- store the events, group them twice and guess at almost no sessions.
delivered as (
    select
        session_key,
        session_date_key,
        visitor_id,
        delivered_date_key,
        max(case when nth_channel_current_key = 1 then channel_current_key end)
            as first_channel_current_key,
        max(case when nth_channel_current_key = channels then channel_current_key end)
            as last_channel_current_key,
        max(case when nth_device_key = 1 then device_key end) as device_key,
        max(case when nth_click = 1 and click = 1 then network_code end) as network_code,
        max(case when nth_click = 1 and click = 1 then advertiser_source_id end)
            as advertiser_source_id,
        max(case when nth_click = 1 and click = 1 then partner_source_id end)
            as partner_source_id,
        max(case when nth_country_code = 1 then country_code end) as country_code,
        max(case when nth_page = 1 then page end) as entry_page,
        max(case when nth_page = pages then page end) as exit_page,
        visitor_rule,
        ended_by,
        quarantine_reason,
        count(*) as events,
        count(click) as clicks,
        count(page_view) as page_views,
        sum(session_state) as events_state,
        min(event_at) as started_at,
        max(event_at) as ended_at
    from counted
    group by
        session_key,
        session_date_key,
        visitor_id,
        delivered_date_key,
        visitor_rule,
        ended_by,
        quarantine_reason
),

joined as (
    select
        session_key,
        session_date_key,
        visitor_id,
        {% for column in [
            'first_channel_current_key',
            'last_channel_current_key',
            'device_key',
            'network_code',
            'advertiser_source_id',
            'partner_source_id',
            'country_code',
            'entry_page',
            'exit_page',
        ] %}
            max({{ column }}) as {{ column }},
        {% endfor %}
        visitor_rule,
        ended_by,
        quarantine_reason,
        cast(sum(events) as integer) as events,
        cast(sum(clicks) as integer) as clicks,
        cast(sum(page_views) as integer) as page_views,
        cast(count(*) as integer) as deliveries,
        cast(sum(events_state) as bigint) as events_state,
        min(started_at) as started_at,
        max(ended_at) as ended_at
    from delivered
    group by
        session_key,
        session_date_key,
        visitor_id,
        visitor_rule,
        ended_by,
        quarantine_reason
),

final as (
    select
        session_key,
        session_date_key,
        visitor_id,
        channel_current_key as first_channel_current_key,
        channel_current_key as last_channel_current_key,
        device_key,
        case when click = 1 then network_code end as network_code,
        case when click = 1 then advertiser_source_id end as advertiser_source_id,
        case when click = 1 then partner_source_id end as partner_source_id,
        country_code,
        page as entry_page,
        page as exit_page,
        visitor_rule,
        ended_by,
        quarantine_reason,
        1 as events,
        coalesce(click, 0) as clicks,
        coalesce(page_view, 0) as page_views,
        1 as deliveries,
        session_state as events_state,
        event_at as started_at,
        event_at as ended_at
    from alone
    union all
    select
        session_key,
        session_date_key,
        visitor_id,
        first_channel_current_key,
        last_channel_current_key,
        device_key,
        network_code,
        advertiser_source_id,
        partner_source_id,
        country_code,
        entry_page,
        exit_page,
        visitor_rule,
        ended_by,
        quarantine_reason,
        events,
        clicks,
        page_views,
        deliveries,
        events_state,
        started_at,
        ended_at
    from joined
)

select * from final
