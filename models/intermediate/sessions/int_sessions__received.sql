{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='event_key',
        on_schema_change='fail',
        contract={'enforced': true},
        dist='event_key',
        sort=['date_key'],
        indexes=[{'columns': ['event_key']}, {'columns': ['date_key']}],
        post_hook="{{ forget_gone_files() }}",
    )
}}

-- depends_on: {{ ref('stg_loader__files') }}

{%- set arrived = new_files() if is_incremental() else [] %}
{%- set gone = gone_files() if is_incremental() else [] %}
{%- set shared = [
    'source_name',
    'user_agent',
    'ip_hash',
    'cookie_hash',
    'country_code',
    'utm_source',
    'utm_medium',
    'utm_campaign',
    'file_id',
    'line_number',
] %}
{%- set columns = [
    'event_key',
    'file_id',
    'line_number',
    'identifier_id',
    'fallback_id',
    'login_id',
    'carried_click_id',
    'traffic_source_key',
    'campaign_id',
    'device_key',
    'network_code',
    'advertiser_source_id',
    'partner_source_id',
    'source_name',
    'page',
    'country_code',
    'identifier_kind',
    'date_key',
    'is_click',
    'is_page_view',
    'delivered_at',
    'event_at',
] %}

with

-- Hosts and paths are cut here: further down DuckDB would do it for every row, and not once for
-- every URL of a block.
clicks as (
    select
        event_id,
        clicked_at,
        coalesce(network_code, 'none') as network_code,
        advertiser_source_id,
        partner_source_id,
        campaign_source_id,
        landing_url,
        {{ url_host('landing_url') }} as landing_host,
        {{ url_path('landing_url') }} as landing_path,
        {{ url_host('referrer_url') }} as referrer_host,
        {{ shared | join(',\n        ') }}
    from {{ ref('int_clicks__unioned') }}
    {% if is_incremental() %}
        where {{ in_list('file_id', arrived) }}
    {% endif %}
),

page_views as (
    select
        event_id,
        viewed_at,
        page_url,
        {{ url_host('page_url') }} as page_host,
        {{ url_path('page_url') }} as page_path,
        {{ url_host('referrer_url') }} as referrer_host,
        carried_click_id,
        login_hash,
        is_internal,
        {{ shared | join(',\n        ') }}
    from {{ ref('int_page_views__unioned') }}
    {% if is_incremental() %}
        where {{ in_list('file_id', arrived) }}
    {% endif %}
),

-- A file cannot have been delivered before the last thing that it tells of.
moments as (
    select
        file_id,
        clicked_at as event_at
    from clicks
    union all
    select
        file_id,
        viewed_at as event_at
    from page_views
),

file_ends as (
    select
        file_id,
        max(event_at) as delivered_at
    from moments
    group by file_id
),

devices as (
    select
        user_agent,
        {{ dimension_key(['device_type', 'os_family', 'browser_family']) }} as device_key
    from {{ ref('stg_loader__user_agents') }}
),

-- A view of a tagged page is a click as well: one record, one event.
events as (
    select
        coalesce(clicks.event_id, page_views.event_id) as event_id,
        coalesce(clicks.clicked_at, page_views.viewed_at) as event_at,
        -- The two URLs of one record differ in the query at most.
        coalesce(clicks.landing_url, page_views.page_url) as page_url,
        coalesce(clicks.landing_host, page_views.page_host) as page_host,
        coalesce(clicks.landing_path, page_views.page_path) as page_path,
        coalesce(clicks.referrer_host, page_views.referrer_host) as referrer_host,
        clicks.network_code,
        clicks.advertiser_source_id,
        clicks.partner_source_id,
        clicks.campaign_source_id,
        page_views.carried_click_id,
        page_views.login_hash,
        {% for column in shared %}
            coalesce(clicks.{{ column }}, page_views.{{ column }}) as {{ column }},
        {% endfor %}
        clicks.file_id is not null as is_click,
        page_views.file_id is not null as is_page_view,
        -- A click brings somebody, wherever its link stands.
        clicks.file_id is null and page_views.is_internal as is_internal
    from clicks
    full outer join page_views
        on
            clicks.file_id = page_views.file_id
            and clicks.line_number = page_views.line_number
),

keyed as (
    select
        *,
        {{ dimension_key(['source_name', 'event_id'], plain=['source_name']) }} as event_key,
        case
            when cookie_hash is not null
                then {{ dimension_key(['cookie_hash'], plain=['cookie_hash']) }}
        end as cookie_id,
        case
            when login_hash is not null
                then {{ dimension_key(["'login'", 'login_hash'], plain=["'login'", 'login_hash']) }}
        end as login_id,
        -- What the parameter holds is the redirector's event id: this is the key of its click.
        case
            when carried_click_id is not null
                then {{ dimension_key(
                    ["'redirector'", 'carried_click_id'],
                    plain=["'redirector'"],
                ) }}
        end as carried_click_key,
        case
            when ip_hash is not null
                then {{ dimension_key(['ip_hash', 'user_agent'], plain=['ip_hash']) }}
        end as address_id,
        {{ channel_source() }} as channel_source,
        {{ channel_medium() }} as channel_medium,
        {{ channel_campaign() }} as channel_campaign
    from events
),

-- Without a cookie and a login, the click may still be known by whoever landed with its id.
referenced as (
    select
        *,
        case when source_name = 'redirector' then event_key end as own_click_id
    from keyed
),

described as (
    select
        referenced.event_key,
        referenced.file_id,
        referenced.line_number,
        coalesce(
            referenced.cookie_id,
            referenced.login_id,
            referenced.own_click_id,
            referenced.address_id,
            referenced.event_key
        ) as identifier_id,
        coalesce(referenced.address_id, referenced.event_key) as fallback_id,
        referenced.login_id,
        referenced.carried_click_key as carried_click_id,
        case
            when not referenced.is_internal
                then {{ dimension_key([
                    'referenced.channel_source',
                    'referenced.channel_medium',
                    'referenced.channel_campaign',
                ]) }}
        end as traffic_source_key,
        case
            when
                referenced.campaign_source_id is not null or referenced.utm_campaign is not null
                then {{ dimension_key([
                    'referenced.network_code',
                    'referenced.campaign_source_id',
                    'lower(referenced.utm_campaign)',
                ]) }}
        end as campaign_id,
        devices.device_key,
        referenced.network_code,
        referenced.advertiser_source_id,
        referenced.partner_source_id,
        referenced.source_name,
        {{ page_of_url('referenced.page_url', 'referenced.page_host', 'referenced.page_path') }}
            as page,
        referenced.country_code,
        case
            when referenced.cookie_id is not null then 'cookie'
            when referenced.login_id is not null then 'login'
            when referenced.own_click_id is not null then 'click_id'
            when referenced.address_id is not null then 'address'
            else 'none'
        end as identifier_kind,
        {{ reporting_date_key('referenced.event_at') }} as date_key,
        referenced.is_click,
        referenced.is_page_view,
        file_ends.delivered_at,
        referenced.event_at
    from referenced
    inner join file_ends on referenced.file_id = file_ends.file_id
    left join devices on referenced.user_agent = devices.user_agent
),

records as (
    select {{ columns | join(', ') }}
    from described
    {% if arrived or gone %}
        union all
        -- The copies already known of the events that arrived again, and of those that lost a copy
        -- because its file was replaced: they are numbered anew.
        select {{ columns | join(', ') }}
        from {{ this }}
        where
            not ({{ in_list('file_id', gone) }})
            and event_key in (
                select described.event_key
                from described
                union
                select replaced.event_key
                from {{ this }} as replaced
                where replaced.copies > 1 and {{ in_list('replaced.file_id', gone) }}
            )
    {% endif %}
),

final as (
    select
        event_key,
        file_id,
        line_number,
        cast(
            row_number() over (
                partition by event_key
                order by event_at, file_id, line_number
            ) as integer
        ) as copy_number,
        cast(count(*) over (partition by event_key) as integer) as copies,
        identifier_id,
        fallback_id,
        login_id,
        carried_click_id,
        traffic_source_key,
        campaign_id,
        device_key,
        cast(network_code as varchar(30)) as network_code,
        cast(advertiser_source_id as varchar(128)) as advertiser_source_id,
        cast(partner_source_id as varchar(128)) as partner_source_id,
        cast(source_name as varchar(63)) as source_name,
        cast(page as varchar(2000)) as page,
        cast(country_code as varchar(2)) as country_code,
        cast(identifier_kind as varchar(10)) as identifier_kind,
        date_key,
        is_click,
        is_page_view,
        delivered_at,
        min(delivered_at) over (partition by event_key) as first_delivered_at,
        event_at
    from records
)

select * from final
