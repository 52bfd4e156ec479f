{{
    config(
        dist='all',
        sort=['campaign_current_key'],
        indexes=[{'columns': ['campaign_current_key'], 'unique': True}],
    )
}}

with

versions as (
    select
        campaign_current_key,
        campaign_key,
        campaign_code,
        campaign_name,
        network_code,
        source_id,
        advertiser_code,
        objective,
        is_mapped,
        is_active,
        is_deleted,
        starts_on,
        ends_on
    from {{ ref('dim_campaign') }}
    where is_current
),

final as (
    select *
    from versions
)

select * from final
