with

clicks as (
    select
        transaction_id,
        network_offer_id,
        network_advertiser_id,
        network_affiliate_id,
        network_campaign_id,
        creative_id,
        sub1,
        url,
        referer,
        user_agent,
        ip_hash,
        ip_prefix,
        country_code,
        utm_source,
        utm_medium,
        utm_campaign,
        payout_type,
        payout,
        currency_code,
        file_id,
        line_number,
        clicked_at,
        loaded_at
    from {{ ref('stg_everflow__clicks') }}
    -- A view-through record is a view, not a click; it stays in staging.
    where not coalesce(is_view_through, false)
),

final as (
    select
        cast('everflow' as varchar(63)) as source_name,
        cast(transaction_id as varchar(512)) as event_id,
        clicked_at,
        cast('everflow' as varchar(30)) as network_code,
        network_advertiser_id as advertiser_source_id,
        -- Everflow's affiliate is the partner, its offer is the program.
        network_affiliate_id as partner_source_id,
        network_offer_id as program_source_id,
        cast(nullif(network_campaign_id, '0') as varchar(128)) as campaign_source_id,
        cast(nullif(creative_id, '0') as varchar(128)) as creative_source_id,
        sub1 as sub_id,
        url as landing_url,
        referer as referrer_url,
        user_agent,
        ip_hash,
        ip_prefix,
        cast(null as varchar(32)) as cookie_hash,
        cast(upper(country_code) as varchar(2)) as country_code,
        utm_source,
        cast({{ network_medium() }} as varchar(255)) as utm_medium,
        utm_campaign,
        -- The payout of a click is a cost of the click only where clicks are paid for (cpc,
        -- cpc_cpa, …).
        cast(case when left(payout_type, 3) = 'cpc' then payout end as numeric(18, 6))
            as cost_amount,
        cast(
            case when left(payout_type, 3) = 'cpc' then upper(currency_code) end as varchar(3)
        ) as currency_code,
        file_id,
        line_number,
        loaded_at
    from clicks
)

select * from final
