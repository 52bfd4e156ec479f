{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

history as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        code as target_code,
        advertiser_code,
        channel_code,
        metric_name,
        amount,
        currency_code,
        starts_on,
        ends_on,
        is_active,
        file_id,
        line_number
    from {{ ref('stg_master_data__target_history') }}
),

versions as (
    {{
        scd2(
            'history',
            record_key=['target_code'],
            fields=[
                'advertiser_code',
                'channel_code',
                'metric_name',
                'amount',
                'currency_code',
                'starts_on',
                'ends_on',
                'is_active',
            ],
        ) | indent(4)
    }}
),

final as (
    select
        {{ version_key('target', 'target_code', 'valid_from') }} as target_key,
        target_code,
        advertiser_code,
        channel_code,
        metric_name,
        cast(amount as numeric(18, 6)) as amount,
        currency_code,
        is_active,
        is_current,
        is_deleted,
        starts_on,
        ends_on,
        valid_from,
        valid_to
    from versions
)

select * from final
