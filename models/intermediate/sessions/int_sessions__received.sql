{{
    config(
        materialized='incremental',
        incremental_strategy='delete_insert_noting_days',
        unique_key='event_key',
        on_schema_change='fail',
        contract={'enforced': true},
        dist='event_key',
        sort=['date_key'],
        indexes=[{'columns': ['event_key']}, {'columns': ['date_key']}],
        post_hook=[
            "{{ keep_event_files() }}",
            "{{ keep_noted_days(
                'count(*) as records, cast(sum(' ~ event_state() ~ ') as numeric(38, 0)) as state',
                'copy_number = 1',
            ) }}",
        ],
    )
}}

-- depends_on: {{ ref('stg_loader__files') }}

{%- set arrived = event_files() if is_incremental() else [] %}
{%- set gone = gone_files(known_files()) if is_incremental() else [] %}
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
{%- set taken_from_either = [
    'file_id',
    'line_number',
    'event_key',
    'cookie_id',
    'own_click_id',
    'address_id',
    'device_key',
    'source_name',
    'page',
    'country_code',
    'date_key',
    'event_at',
] %}

with

-- Hosts and paths are cut here: further down DuckDB would do it for every row, and not once for
-- every URL of a block.
clicks as (
    select
        file_id,
        line_number,
        source_name,
        event_id,
        clicked_at as event_at,
        landing_url as page_url,
        {{ url_host('landing_url') }} as page_host,
        {{ url_path('landing_url') }} as page_path,
        {{ url_host('referrer_url') }} as referrer_host,
        user_agent,
        ip_hash,
        cookie_hash,
        cast(null as varchar(32)) as login_hash,
        cast(null as varchar(512)) as carried_click_id,
        country_code,
        utm_source,
        utm_medium,
        utm_campaign,
        coalesce(network_code, 'none') as network_code,
        advertiser_source_id,
        partner_source_id,
        campaign_source_id,
        -- A click brings somebody, wherever its link stands.
        false as is_internal
    from {{ ref('int_clicks__unioned') }}
    {% if is_incremental() %}
        where {{ in_list('file_id', arrived) }}
    {% endif %}
),

page_views as (
    select
        file_id,
        line_number,
        source_name,
        event_id,
        viewed_at as event_at,
        page_url,
        {{ url_host('page_url') }} as page_host,
        {{ url_path('page_url') }} as page_path,
        {{ url_host('referrer_url') }} as referrer_host,
        user_agent,
        ip_hash,
        cookie_hash,
        login_hash,
        carried_click_id,
        country_code,
        utm_source,
        utm_medium,
        utm_campaign,
        cast(null as varchar(30)) as network_code,
        cast(null as varchar(128)) as advertiser_source_id,
        cast(null as varchar(128)) as partner_source_id,
        cast(null as varchar(128)) as campaign_source_id,
        is_internal
    from {{ ref('int_page_views__unioned') }}
    {% if is_incremental() %}
        where {{ in_list('file_id', arrived) }}
    {% endif %}
),

-- Read by themselves: what is selected once for two uses is stored in between.
moments as (
    select
        file_id,
        clicked_at as event_at
    from {{ ref('int_clicks__unioned') }}
    {% if is_incremental() %}
        where {{ in_list('file_id', arrived) }}
    {% endif %}
    union all
    select
        file_id,
        viewed_at as event_at
    from {{ ref('int_page_views__unioned') }}
    {% if is_incremental() %}
        where {{ in_list('file_id', arrived) }}
    {% endif %}
),

-- A file cannot have been delivered before the last thing that it tells of.
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

{% for records in ['clicks', 'page_views'] %}
    {{ records }}_sourced as (
        select
            *,
            {{ dimension_key(['source_name', 'event_id'], plain=['source_name']) }} as event_key,
            {{ channel_source() }} as channel_source,
            {{ channel_medium() }} as channel_medium,
            {{ channel_campaign() }} as channel_campaign
        from {{ records }}
    ),

    -- Numbers instead of texts, before anything is joined or sorted.
    {{ records }}_keyed as (
        select
            sourced.file_id,
            sourced.line_number,
            sourced.event_key,
            case
                when sourced.cookie_hash is not null
                    then {{ dimension_key(
                        ['sourced.cookie_hash'], plain=['sourced.cookie_hash']
                    ) }}
            end as cookie_id,
            case
                when sourced.login_hash is not null
                    then {{ dimension_key(
                        ["'login'", 'sourced.login_hash'], plain=["'login'", 'sourced.login_hash']
                    ) }}
            end as login_id,
            -- Without a cookie and a login, the click may still be known by whoever landed with
            -- its id.
            case when sourced.source_name = 'redirector' then sourced.event_key end
                as own_click_id,
            case
                when sourced.ip_hash is not null
                    then {{ dimension_key(
                        ['sourced.ip_hash', 'sourced.user_agent'], plain=['sourced.ip_hash']
                    ) }}
            end as address_id,
            -- What the parameter holds is the redirector's event id: this is the key of its click.
            case
                when sourced.carried_click_id is not null
                    then {{ dimension_key(
                        ["'redirector'", 'sourced.carried_click_id'], plain=["'redirector'"]
                    ) }}
            end as carried_click_id,
            case
                when not sourced.is_internal
                    then {{ dimension_key([
                        'sourced.channel_source',
                        'sourced.channel_medium',
                        'sourced.channel_campaign',
                    ]) }}
            end as traffic_source_key,
            case
                when sourced.campaign_source_id is not null or sourced.utm_campaign is not null
                    then {{ dimension_key([
                        'sourced.network_code',
                        'sourced.campaign_source_id',
                        'lower(sourced.utm_campaign)',
                    ]) }}
            end as campaign_id,
            devices.device_key,
            sourced.network_code,
            sourced.advertiser_source_id,
            sourced.partner_source_id,
            sourced.source_name,
            {{ page_of_url('sourced.page_url', 'sourced.page_host', 'sourced.page_path') }}
                as page,
            sourced.country_code,
            {{ reporting_date_key('sourced.event_at') }} as date_key,
            sourced.event_at
        from {{ records }}_sourced as sourced
        left join devices on sourced.user_agent = devices.user_agent
    ),

{% endfor %}
-- A view of a tagged page is a click as well: one record, one event, and of the click all that both
-- know. Their URLs differ in the query at most.
events as (
    select
        {% for column in taken_from_either %}
            coalesce(clicks_keyed.{{ column }}, page_views_keyed.{{ column }}) as {{ column }},
        {% endfor %}
        case
            when clicks_keyed.file_id is not null then clicks_keyed.traffic_source_key
            else page_views_keyed.traffic_source_key
        end as traffic_source_key,
        case
            when clicks_keyed.file_id is not null then clicks_keyed.campaign_id
            else page_views_keyed.campaign_id
        end as campaign_id,
        clicks_keyed.network_code,
        clicks_keyed.advertiser_source_id,
        clicks_keyed.partner_source_id,
        page_views_keyed.login_id,
        page_views_keyed.carried_click_id,
        clicks_keyed.file_id is not null as is_click,
        page_views_keyed.file_id is not null as is_page_view
    from clicks_keyed
    full outer join page_views_keyed
        on
            clicks_keyed.file_id = page_views_keyed.file_id
            and clicks_keyed.line_number = page_views_keyed.line_number
),

described as (
    select
        events.event_key,
        events.file_id,
        events.line_number,
        coalesce(
            events.cookie_id,
            events.login_id,
            events.own_click_id,
            events.address_id,
            events.event_key
        ) as identifier_id,
        coalesce(events.address_id, events.event_key) as fallback_id,
        events.login_id,
        events.carried_click_id,
        events.traffic_source_key,
        events.campaign_id,
        events.device_key,
        events.network_code,
        events.advertiser_source_id,
        events.partner_source_id,
        events.source_name,
        events.page,
        events.country_code,
        case
            when events.cookie_id is not null then 'cookie'
            when events.login_id is not null then 'login'
            when events.own_click_id is not null then 'click_id'
            when events.address_id is not null then 'address'
            else 'none'
        end as identifier_kind,
        events.date_key,
        events.is_click,
        events.is_page_view,
        file_ends.delivered_at,
        events.event_at
    from events
    inner join file_ends on events.file_id = file_ends.file_id
),

{% if arrived or gone %}
    -- The copies already known of the events that arrived again, and of those that lost a copy
    -- because its file was replaced: they are numbered anew. Looked for by the key alone; the day
    -- spares the engines the other days when the whole rows are read.
    known_copies as (
        select
            event_key,
            file_id,
            line_number,
            date_key
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
    ),

{% endif %}
records as (
    select {{ columns | join(', ') }}
    from described
    {% if arrived or gone %}
        union all
        select known.{{ columns | join(', known.') }}
        from {{ this }} as known
        inner join known_copies
            on
                known.event_key = known_copies.event_key
                and known.file_id = known_copies.file_id
                and known.line_number = known_copies.line_number
                and known.date_key = known_copies.date_key
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
