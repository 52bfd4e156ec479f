{{
    config(
        dist='all',
        sort=['partner_current_key'],
        indexes=[{'columns': ['partner_current_key'], 'unique': True}],
    )
}}

with

versions as (
    select
        partner_current_key,
        partner_key,
        partner_code,
        partner_name,
        network_code,
        source_id,
        channel_code,
        country_code,
        partner_type,
        website_domain,
        is_mapped,
        is_active,
        is_deleted
    from {{ ref('dim_partner') }}
    where is_current
),

final as (
    select *
    from versions
)

select * from final
