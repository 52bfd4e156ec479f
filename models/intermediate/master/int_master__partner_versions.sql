{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

history as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        code as partner_code,
        name as partner_name,
        partner_type,
        channel_code,
        website_domain,
        country_code,
        is_active,
        file_id,
        line_number
    from {{ ref('stg_master_data__partner_history') }}
),

versions as (
    {{
        scd2(
            'history',
            record_key=['partner_code'],
            fields=[
                'partner_name',
                'partner_type',
                'channel_code',
                'website_domain',
                'country_code',
                'is_active',
            ],
        ) | indent(4)
    }}
),

final as (
    select
        {{ version_key('partner', 'partner_code', 'valid_from') }} as partner_key,
        partner_code,
        partner_name,
        partner_type,
        channel_code,
        website_domain,
        country_code,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from versions
)

select * from final
