{%- set members = ['advertiser', 'partner'] -%}

{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        on_schema_change='fail',
        pre_hook="{{ forget_changed_days('int_sessions__events') }}",
        post_hook=[
            "{{ remember_days('int_sessions__events') }}",
            "{{ remember('int_members__versions') }}",
            "{{ remember('int_master__channel_versions') }}",
        ],
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
        outdated_session_days(members),
    ) %}
{%- endif %}

with

{% for member in members %}
    {{ member }}_versions as (
        {{ member_versions(member) | indent(8) }}
    ),

{% endfor %}
channel_versions as (
    select
        channel_key,
        channel_current_key,
        valid_from,
        valid_to
    from {{ ref('int_master__channel_versions') }}
),

countries as (
    select
        country_key,
        country_code
    from {{ ref('dim_country') }}
),

-- Who names no channel came directly.
visits as (
    select
        session_key,
        session_date_key,
        visitor_id,
        coalesce(first_channel_current_key, {{ current_key('channel', "'direct'") }})
            as first_channel_current_key,
        coalesce(last_channel_current_key, {{ current_key('channel', "'direct'") }})
            as last_channel_current_key,
        device_key,
        network_code,
        advertiser_source_id,
        partner_source_id,
        country_code,
        entry_page,
        exit_page,
        visitor_rule,
        ended_by,
        events,
        clicks,
        page_views,
        deliveries,
        events_state,
        started_at,
        ended_at
    from {{ ref('int_sessions__visits') }}
    where quarantine_reason is null and {{ on_outdated_days }}
),

final as (
    select
        visits.session_key,
        visits.session_date_key as date_key,
        {{ reporting_time_of_day_key('visits.started_at') }} as time_of_day_key,
        {% for member in members %}
            coalesce({{ member }}_versions.member_key, -1) as {{ member }}_key,
            coalesce({{ member }}_versions.current_key, -1) as {{ member }}_current_key,
        {% endfor %}
        {% for channel in ['first_channel', 'last_channel'] %}
            coalesce({{ channel }}_versions.channel_key, -1) as {{ channel }}_key,
            coalesce({{ channel }}_versions.channel_current_key, -1) as {{ channel }}_current_key,
        {% endfor %}
        coalesce(visits.device_key, -1) as device_key,
        coalesce(countries.country_key, -1) as country_key,
        visits.visitor_id,
        cast(visits.visitor_rule as varchar(20)) as visitor_rule,
        cast(visits.entry_page as varchar(2000)) as entry_page,
        cast(visits.exit_page as varchar(2000)) as exit_page,
        cast(visits.ended_by as varchar(20)) as ended_by,
        visits.events,
        visits.clicks,
        visits.page_views,
        {{ seconds_between('visits.started_at', 'visits.ended_at') }} as duration_seconds,
        cast(visits.deliveries - 1 as integer) as reopenings,
        visits.events_state,
        visits.deliveries > 1 as is_reopened,
        cast({{ reporting_timestamp('visits.started_at') }} as date) as started_date,
        visits.started_at,
        visits.ended_at
    from visits
    {% for member in members %}
        left join {{ member }}_versions
            on
                {{ is_version_at('visits', member, 'visits.started_at') | indent(16) }}
    {% endfor %}
    {% for channel in ['first_channel', 'last_channel'] %}
        left join channel_versions as {{ channel }}_versions
            on
                visits.{{ channel }}_current_key = {{ channel }}_versions.channel_current_key
                and visits.started_at >= {{ channel }}_versions.valid_from
                and visits.started_at < {{ channel }}_versions.valid_to
    {% endfor %}
    left join countries on visits.country_code = countries.country_code
)

select * from final
