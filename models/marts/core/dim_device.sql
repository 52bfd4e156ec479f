{{ config(dist='all', sort=['device_key']) }}

with

parsed as (
    select
        user_agent,
        device_type,
        os_family,
        browser_family
    from {{ ref('stg_loader__user_agents') }}
),

-- The loader forgets no user agent; these are of clicks whose files are loaded.
clicked as (
    select distinct user_agent
    from {{ ref('int_clicks__user_agents') }}
),

-- Pages are also looked at with devices that nobody clicks with.
viewed as (
    select distinct device_key
    from {{ ref('int_sessions__received') }}
    where is_page_view
),

devices as (
    select
        {{ dimension_key(['device_type', 'os_family', 'browser_family']) }} as device_key,
        user_agent,
        device_type,
        os_family,
        browser_family
    from parsed
),

seen as (
    select distinct
        devices.device_key,
        devices.device_type,
        devices.os_family,
        devices.browser_family
    from devices
    where
        devices.user_agent in (select clicked.user_agent from clicked)
        or devices.device_key in (select viewed.device_key from viewed)
),

final as (
    select
        device_key,
        cast(device_type as varchar(20)) as device_type,
        cast(os_family as varchar(100)) as os_family,
        cast(browser_family as varchar(100)) as browser_family
    from seen
    union all
    select
        cast(-1 as bigint) as device_key,
        cast('unknown' as varchar(20)) as device_type,
        cast('Unknown' as varchar(100)) as os_family,
        cast('Unknown' as varchar(100)) as browser_family
)

select * from final
