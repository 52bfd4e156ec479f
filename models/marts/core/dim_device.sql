{{ config(dist='all', sort=['device_key']) }}

with

devices as (
    select distinct
        device_type,
        os_family,
        browser_family
    from {{ ref('stg_loader__user_agents') }}
),

final as (
    select
        {{ dimension_key(['device_type', 'os_family', 'browser_family']) }} as device_key,
        cast(device_type as varchar(20)) as device_type,
        cast(os_family as varchar(100)) as os_family,
        cast(browser_family as varchar(100)) as browser_family
    from devices
    union all
    select
        cast(-1 as bigint) as device_key,
        cast('unknown' as varchar(20)) as device_type,
        cast('Unknown' as varchar(100)) as os_family,
        cast('Unknown' as varchar(100)) as browser_family
)

select * from final
