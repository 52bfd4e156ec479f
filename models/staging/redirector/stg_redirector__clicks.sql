with

source as (
    select
        event_id,
        clicked_at,
        network_code,
        advertiser_id,
        partner_id,
        program_id,
        campaign_id,
        creative_id,
        sub_id,
        landing_url,
        utm_source,
        utm_medium,
        utm_campaign,
        referrer_url,
        user_agent,
        ip_hash,
        ip_prefix,
        cookie_hash,
        country_code,
        request_method,
        request_purpose,
        page_viewed_at,
        is_test,
        cost_amount,
        currency_code,
        _file_id,
        _line_number,
        _loaded_at,
        _extra
    from {{ source('redirector', 'clicks') }}
),

final as (
    select
        event_id,
        network_code,
        advertiser_id,
        partner_id,
        program_id,
        campaign_id,
        creative_id,
        sub_id,
        landing_url,
        referrer_url,
        utm_source,
        utm_medium,
        utm_campaign,
        user_agent,
        ip_hash,
        ip_prefix,
        cookie_hash,
        country_code,
        request_method,
        request_purpose,
        cost_amount,
        currency_code,
        is_test,
        page_viewed_at,
        clicked_at,
        _extra as extra_fields,
        _file_id as file_id,
        _line_number as line_number,
        _loaded_at as loaded_at
    from source
)

select * from final
