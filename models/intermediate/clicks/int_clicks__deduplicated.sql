with

clicks as (
    select
        source_name,
        event_id,
        clicked_at,
        network_code,
        advertiser_source_id,
        partner_source_id,
        program_source_id,
        campaign_source_id,
        creative_source_id,
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
        loaded_at
    from {{ ref('int_clicks__unioned') }}
),

-- Few rows: so the wide side is filtered by a small hash table and never sorted.
redundant_copies as (
    select
        file_id,
        line_number
    from {{ ref('int_clicks__received') }}
    where copy_number > 1
),

final as (
    select
        {{ dimension_key(
            ['clicks.source_name', 'clicks.event_id'],
            plain=['clicks.source_name'],
        ) }} as click_id,
        {{ reporting_date_key('clicks.clicked_at') }} as date_key,
        clicks.*
    from clicks
    left join redundant_copies
        on
            clicks.file_id = redundant_copies.file_id
            and clicks.line_number = redundant_copies.line_number
    where redundant_copies.file_id is null
)

select * from final
