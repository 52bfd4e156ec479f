{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

history as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        code as brand_code,
        name as brand_name,
        advertiser_code,
        website_domain,
        is_active,
        file_id,
        line_number
    from {{ ref('stg_master_data__brand_history') }}
),

versions as (
    {{
        scd2(
            'history',
            record_key=['brand_code'],
            fields=[
                'brand_name',
                'advertiser_code',
                'website_domain',
                'is_active',
            ],
        ) | indent(4)
    }}
),

final as (
    select
        {{ version_key('brand', 'brand_code', 'valid_from') }} as brand_key,
        brand_code,
        brand_name,
        advertiser_code,
        website_domain,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from versions
)

select * from final
