{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

history as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        code as advertiser_code,
        name as advertiser_name,
        group_code,
        vertical,
        website_domain,
        country_code,
        reporting_currency_code,
        is_active,
        file_id,
        line_number
    from {{ ref('stg_master_data__advertiser_history') }}
),

versions as (
    {{
        scd2(
            'history',
            record_key=['advertiser_code'],
            fields=[
                'advertiser_name',
                'group_code',
                'vertical',
                'website_domain',
                'country_code',
                'reporting_currency_code',
                'is_active',
            ],
        ) | indent(4)
    }}
),

final as (
    select
        {{ version_key('advertiser', 'advertiser_code', 'valid_from') }} as advertiser_key,
        advertiser_code,
        advertiser_name,
        group_code,
        vertical,
        website_domain,
        country_code,
        reporting_currency_code,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from versions
)

select * from final
