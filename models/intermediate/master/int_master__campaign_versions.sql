{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

history as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        code as campaign_code,
        name as campaign_name,
        advertiser_code,
        objective,
        starts_on,
        ends_on,
        is_active,
        file_id,
        line_number
    from {{ ref('stg_master_data__campaign_history') }}
),

versions as (
    {{
        scd2(
            'history',
            record_key=['campaign_code'],
            fields=[
                'campaign_name',
                'advertiser_code',
                'objective',
                'starts_on',
                'ends_on',
                'is_active',
            ],
        ) | indent(4)
    }}
),

final as (
    select
        {{ version_key('campaign', 'campaign_code', 'valid_from') }} as campaign_key,
        campaign_code,
        campaign_name,
        advertiser_code,
        objective,
        starts_on,
        ends_on,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from versions
)

select * from final
