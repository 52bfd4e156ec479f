{{
    config(
        dist='all',
        sort=['advertiser_current_key'],
        indexes=[{'columns': ['advertiser_current_key'], 'unique': True}],
    )
}}

with

versions as (
    select
        advertiser_current_key,
        advertiser_key,
        advertiser_code,
        advertiser_name,
        network_code,
        source_id,
        country_code,
        reporting_currency_code,
        group_code,
        group_name,
        vertical,
        website_domain,
        fiscal_calendar_code,
        is_mapped,
        is_active,
        is_deleted
    from {{ ref('dim_advertiser') }}
    where is_current
),

final as (
    select *
    from versions
)

select * from final
