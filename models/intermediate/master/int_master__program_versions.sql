{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

history as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        code as program_code,
        name as program_name,
        advertiser_code,
        network_code,
        commission_rate,
        cookie_days,
        lock_days,
        currency_code,
        time_zone,
        is_active,
        file_id,
        line_number
    from {{ ref('stg_master_data__program_history') }}
),

versions as (
    {{
        scd2(
            'history',
            record_key=['program_code'],
            fields=[
                'program_name',
                'advertiser_code',
                'network_code',
                'commission_rate',
                'cookie_days',
                'lock_days',
                'currency_code',
                'time_zone',
                'is_active',
            ],
        ) | indent(4)
    }}
),

final as (
    select
        {{ version_key('program', 'program_code', 'valid_from') }} as program_key,
        program_code,
        program_name,
        advertiser_code,
        network_code,
        commission_rate,
        cookie_days,
        lock_days,
        currency_code,
        time_zone,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from versions
)

select * from final
