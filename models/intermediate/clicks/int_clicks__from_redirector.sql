with

clicks as (
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
        user_agent,
        ip_hash,
        ip_prefix,
        cookie_hash,
        country_code,
        utm_source,
        utm_medium,
        utm_campaign,
        cost_amount,
        currency_code,
        file_id,
        line_number,
        clicked_at,
        loaded_at
    from {{ ref('stg_redirector__clicks') }}
),

final as (
    select
        cast('redirector' as varchar(63)) as source_name,
        cast(event_id as varchar(512)) as event_id,
        clicked_at,
        cast(lower(network_code) as varchar(30)) as network_code,
        advertiser_id as advertiser_source_id,
        partner_id as partner_source_id,
        program_id as program_source_id,
        campaign_id as campaign_source_id,
        creative_id as creative_source_id,
        sub_id,
        landing_url,
        referrer_url,
        user_agent,
        ip_hash,
        ip_prefix,
        cookie_hash,
        cast(upper(country_code) as varchar(2)) as country_code,
        utm_source,
        cast(
            case when network_code is null then utm_medium else {{ network_medium() }} end
            as varchar(255)
        ) as utm_medium,
        utm_campaign,
        cost_amount,
        cast(upper(currency_code) as varchar(3)) as currency_code,
        file_id,
        line_number,
        loaded_at
    from clicks
)

select * from final
