{%- set members = ['advertiser', 'partner', 'program', 'campaign', 'creative'] -%}

{{
    config(
        materialized='incremental',
        incremental_strategy='delete_insert_noting_days',
        unique_key='date_key',
        on_schema_change='fail',
        pre_hook="{{ forget_days(outdated_click_days) }}",
        post_hook=[
            "{{ keep_noted_days(clicks_fingerprint()) }}",
            "{{ remember_days('int_clicks__verdicts') }}",
            "{{ remember('int_members__versions') }}",
            "{{ remember('int_channels__assigned') }}",
            "{{ remember('int_master__channel_versions') }}",
        ],
        dist='click_id',
        sort=['date_key'],
        indexes=[{'columns': ['date_key']}, {'columns': ['click_id'], 'unique': True}],
    )
}}

{%- set days = outdated_click_days() if is_incremental() else [] %}

with

{% for member in members %}
    {{ member }}_versions as (
        {{ member_versions(member) | indent(8) }}
    ),

{% endfor %}
channels as (
    select
        source,
        medium,
        campaign,
        channel_current_key,
        yields_to_partner
    from {{ ref('int_channels__assigned') }}
),

channel_versions as (
    select
        channel_key,
        channel_current_key,
        valid_from,
        valid_to
    from {{ ref('int_master__channel_versions') }}
),

devices as (
    select
        user_agent,
        {{ dimension_key(['device_type', 'os_family', 'browser_family']) }} as device_key
    from {{ ref('stg_loader__user_agents') }}
),

networks as (
    select
        network_key,
        network_code
    from {{ ref('dim_network') }}
),

countries as (
    select
        country_key,
        country_code
    from {{ ref('dim_country') }}
),

verdicts as (
    select
        click_id,
        date_key,
        visitor_id,
        click_quality_key,
        file_id,
        line_number,
        click_class,
        rule_version,
        is_suspect
    from {{ ref('int_clicks__verdicts') }}
    {% if is_incremental() %}
        where {{ on_days(days, 'date_key', 'clicked_at') }}
    {% endif %}
),

received_clicks as (
    select
        source_name,
        coalesce(network_code, 'none') as network_code,
        {% for member in members %}
            {{ member }}_source_id,
        {% endfor %}
        utm_source,
        utm_medium,
        utm_campaign,
        {{ url_host('referrer_url') }} as referrer_host,
        landing_url,
        sub_id,
        user_agent,
        country_code,
        cost_amount,
        currency_code,
        file_id,
        line_number,
        clicked_at
    from {{ ref('int_clicks__deduplicated') }}
    {% if is_incremental() %}
        where {{ on_days(days, 'date_key', 'clicked_at') }}
    {% endif %}
),

clicks as (
    select
        *,
        {{ channel_source() }} as channel_source,
        {{ channel_medium() }} as channel_medium,
        {{ channel_campaign() }} as channel_campaign
    from received_clicks
),

final as (
    select
        verdicts.click_id,
        verdicts.date_key,
        {{ reporting_time_of_day_key('clicks.clicked_at') }} as time_of_day_key,
        {% for member in members %}
            coalesce({{ member }}_versions.member_key, -1) as {{ member }}_key,
        {% endfor %}
        coalesce(channel_versions.channel_key, -1) as channel_key,
        {% for member in members if member != 'creative' %}
            coalesce({{ member }}_versions.current_key, -1) as {{ member }}_current_key,
        {% endfor %}
        coalesce(channel_versions.channel_current_key, -1) as channel_current_key,
        coalesce(networks.network_key, -1) as network_key,
        coalesce(devices.device_key, -1) as device_key,
        coalesce(countries.country_key, -1) as country_key,
        verdicts.click_quality_key,
        verdicts.visitor_id,
        cast(clicks.source_name as varchar(63)) as source_name,
        cast(clicks.referrer_host as varchar(255)) as referrer_host,
        cast(clicks.landing_url as varchar(8192)) as landing_url,
        cast(clicks.sub_id as varchar(512)) as sub_id,
        verdicts.click_class,
        verdicts.rule_version,
        cast(clicks.cost_amount as numeric(18, 6)) as cost_amount,
        cast(clicks.currency_code as varchar(3)) as currency_code,
        clicks.file_id,
        clicks.line_number,
        verdicts.is_suspect,
        cast({{ reporting_timestamp('clicks.clicked_at') }} as date) as clicked_date,
        clicks.clicked_at
    from clicks
    -- By file and line, so that the click's id is not hashed once more.
    inner join verdicts
        on
            clicks.file_id = verdicts.file_id
            and clicks.line_number = verdicts.line_number
    {% for member in members %}
        left join {{ member }}_versions
            on
                {{ is_version_at('clicks', member, 'clicks.clicked_at') | indent(16) }}
    {% endfor %}
    left join channels
        on
            clicks.channel_source = channels.source
            and clicks.channel_medium = channels.medium
            and clicks.channel_campaign = channels.campaign
    left join channel_versions
        on
            {{ channel_of_click('channels', 'partner_versions') }}
            = channel_versions.channel_current_key
            and clicks.clicked_at >= channel_versions.valid_from
            and clicks.clicked_at < channel_versions.valid_to
    left join devices on clicks.user_agent = devices.user_agent
    left join networks on clicks.network_code = networks.network_code
    left join countries on clicks.country_code = countries.country_code
)

select * from final
