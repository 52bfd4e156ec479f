{%- set members = ['advertiser', 'partner'] -%}

{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        on_schema_change='fail',
        pre_hook="{{ forget_gone_session_days(is_set_aside=false) }}",
        post_hook="{{ remember('int_members__versions') }}",
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
        outdated_session_days(is_set_aside=false, members=members),
    ) %}
{%- endif %}

with

{% for member in members %}
    {{ member }}_versions as (
        {{ member_versions(member) | indent(8) }}
    ),

{% endfor %}
channels as (
    select
        channel_key,
        channel_code
    from {{ ref('dim_channel') }}
),

countries as (
    select
        country_key,
        country_code
    from {{ ref('dim_country') }}
),

visits as (
    select
        session_key,
        session_date_key,
        visitor_id,
        first_channel_key,
        last_channel_key,
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
        {% endfor %}
        -- Who names no channel came directly.
        coalesce(visits.first_channel_key, direct.channel_key, -1) as first_channel_key,
        coalesce(visits.last_channel_key, direct.channel_key, -1) as last_channel_key,
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
    left join channels as direct on direct.channel_code = 'direct'
    left join countries on visits.country_code = countries.country_code
)

select * from final
