with

assigned as (
    select
        event_key,
        session_key,
        visitor_id,
        channel_current_key,
        date_key,
        session_date_key,
        session_state,
        visitor_rule,
        ended_by,
        quarantine_reason,
        event_at
    from {{ ref('int_sessions__events') }}
),

received as (
    select
        event_key,
        device_key,
        country_code,
        case when page is not null then 1 end as page,
        case when is_click then 1 end as click,
        case when is_page_view then 1 end as page_view,
        date_key,
        {{ reporting_date_key('first_delivered_at') }} as delivered_date_key
    from {{ ref('int_sessions__received') }}
    where copy_number = 1
),

-- Read twice: what is selected once for two uses is stored in between.
{% for end in ['entry', 'exit'] %}
    {{ end }}_pages as (
        select
            event_key,
            date_key,
            page
        from {{ ref('int_sessions__received') }}
        where copy_number = 1 and page is not null
    ),

{% endfor %}
first_clicks as (
    select
        event_key,
        date_key,
        network_code,
        advertiser_source_id,
        partner_source_id
    from {{ ref('int_sessions__received') }}
    where copy_number = 1 and is_click
),

-- Numbers only: what is sorted for every session has no texts in it.
events as (
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
        received.date_key,
        received.device_key,
        received.country_code,
        received.page,
        received.click,
        received.page_view,
        received.delivered_date_key
    from assigned
    inner join received
        on
            assigned.event_key = received.event_key
            -- Says nothing more, but spares the engines the other days.
            and assigned.date_key = received.date_key
),

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
    from events
),

sessions as (
    select
        session_key,
        session_date_key,
        visitor_id,
        max(case when nth_channel_current_key = 1 then channel_current_key end)
            as first_channel_current_key,
        max(case when nth_channel_current_key = channels then channel_current_key end)
            as last_channel_current_key,
        max(case when nth_device_key = 1 then device_key end) as device_key,
        max(case when nth_country_code = 1 then country_code end) as country_code,
        {% for column in ['event_key', 'date_key'] %}
            max(case when nth_page = 1 and page = 1 then {{ column }} end) as entry_{{ column }},
            max(case when nth_page = pages and page = 1 then {{ column }} end) as exit_{{ column }},
            max(case when nth_click = 1 and click = 1 then {{ column }} end) as click_{{ column }},
        {% endfor %}
        visitor_rule,
        ended_by,
        quarantine_reason,
        cast(count(*) as integer) as events,
        cast(count(click) as integer) as clicks,
        cast(count(page_view) as integer) as page_views,
        cast(count(distinct delivered_date_key) as integer) as deliveries,
        cast(sum(session_state) as bigint) as events_state,
        min(event_at) as started_at,
        max(event_at) as ended_at
    from counted
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
        sessions.session_key,
        sessions.session_date_key,
        sessions.visitor_id,
        sessions.first_channel_current_key,
        sessions.last_channel_current_key,
        sessions.device_key,
        first_clicks.network_code,
        first_clicks.advertiser_source_id,
        first_clicks.partner_source_id,
        sessions.country_code,
        entry_pages.page as entry_page,
        exit_pages.page as exit_page,
        sessions.visitor_rule,
        sessions.ended_by,
        sessions.quarantine_reason,
        sessions.events,
        sessions.clicks,
        sessions.page_views,
        sessions.deliveries,
        sessions.events_state,
        sessions.started_at,
        sessions.ended_at
    from sessions
    {% for end in ['entry', 'exit'] %}
        left join {{ end }}_pages
            on
                sessions.{{ end }}_event_key = {{ end }}_pages.event_key
                and sessions.{{ end }}_date_key = {{ end }}_pages.date_key
    {% endfor %}
    left join first_clicks
        on
            sessions.click_event_key = first_clicks.event_key
            and sessions.click_date_key = first_clicks.date_key
)

select * from final
