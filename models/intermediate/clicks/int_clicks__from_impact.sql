with

clicks as (
    select
        click_id,
        campaign_id,
        program_id,
        media_id,
        ad_id,
        profile_hash,
        ip_hash,
        country_code,
        referring_url,
        landing_page_url,
        utm_source,
        utm_medium,
        utm_campaign,
        shared_id,
        sub_id_1,
        file_id,
        line_number,
        clicked_at,
        loaded_at
    from {{ ref('stg_impact__clicks') }}
),

final as (
    select
        cast('impact' as varchar(63)) as source_name,
        -- "a single Id can be associated with multiple click objects": Id, EventDate and AdId
        -- together are the identity.
        cast(
            {{ key_text(
                ['click_id', timestamp_text('clicked_at'), 'ad_id'],
                plain=[timestamp_text('clicked_at')],
            ) }}
            as varchar(512)
        ) as event_id,
        clicked_at,
        cast('impact' as varchar(30)) as network_code,
        -- The export names the brand by its program only (CampaignId, in newer versions
        -- ProgramId), and a program belongs to one brand. Marked, because another brand's account
        -- may have that number.
        cast('program:' || coalesce(program_id, campaign_id) as varchar(128))
            as advertiser_source_id,
        -- "MediaId": the media partner
        media_id as partner_source_id,
        coalesce(program_id, campaign_id) as program_source_id,
        cast(null as varchar(128)) as campaign_source_id,
        ad_id as creative_source_id,
        -- SubId1 is the partner's own; SharedId is what it tells the brand.
        coalesce(sub_id_1, shared_id) as sub_id,
        landing_page_url as landing_url,
        referring_url as referrer_url,
        -- The export holds what impact.com read from the user agent, not the user agent.
        cast(null as varchar(8192)) as user_agent,
        ip_hash,
        cast(null as varchar(43)) as ip_prefix,
        profile_hash as cookie_hash,
        cast(upper(country_code) as varchar(2)) as country_code,
        utm_source,
        cast({{ network_medium() }} as varchar(255)) as utm_medium,
        utm_campaign,
        -- The bid (CpcBid) is in the program's currency, which the export does not name. An amount
        -- never travels without its currency, so it stays in staging.
        cast(null as numeric(18, 6)) as cost_amount,
        cast(null as varchar(3)) as currency_code,
        file_id,
        line_number,
        loaded_at
    from clicks
)

select * from final
