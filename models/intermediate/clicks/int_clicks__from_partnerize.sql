with

clicks as (
    select
        clickref,
        campaign_id,
        publisher_id,
        publisher_reference,
        creative_id,
        referer,
        ip_hash,
        ip_prefix,
        file_id,
        line_number,
        clicked_at,
        loaded_at
    from {{ ref('stg_partnerize__clicks') }}
),

final as (
    select
        cast('partnerize' as varchar(63)) as source_name,
        cast(clickref as varchar(512)) as event_id,
        clicked_at,
        cast('partnerize' as varchar(30)) as network_code,
        -- Partnerize calls an advertiser's program a campaign, and names the advertiser by nothing
        -- else. Marked, because another advertiser's account may have that id.
        cast('program:' || campaign_id as varchar(128)) as advertiser_source_id,
        publisher_id as partner_source_id,
        campaign_id as program_source_id,
        cast(null as varchar(128)) as campaign_source_id,
        cast(nullif(creative_id, '0') as varchar(128)) as creative_source_id,
        -- "publisher_reference": what the publisher put on the link
        publisher_reference as sub_id,
        cast(null as varchar(8192)) as landing_url,
        referer as referrer_url,
        cast(null as varchar(8192)) as user_agent,
        ip_hash,
        ip_prefix,
        cast(null as varchar(32)) as cookie_hash,
        cast(null as varchar(2)) as country_code,
        cast(null as varchar(255)) as utm_source,
        cast('affiliate' as varchar(255)) as utm_medium,
        cast(null as varchar(255)) as utm_campaign,
        cast(null as numeric(18, 6)) as cost_amount,
        cast(null as varchar(3)) as currency_code,
        file_id,
        line_number,
        loaded_at
    from clicks
)

select * from final
