with

source as (
    select
        user_agent,
        device_type,
        device_brand,
        device_model,
        browser_family,
        os_family,
        parsed_at
    from {{ source('loader', 'user_agents') }}
),

final as (
    select
        user_agent,
        device_type,
        device_brand,
        device_model,
        browser_family,
        os_family,
        parsed_at
    from source
)

select * from final
