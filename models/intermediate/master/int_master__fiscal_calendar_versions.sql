{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

history as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        code as fiscal_calendar_code,
        name as fiscal_calendar_name,
        advertiser_code,
        first_month,
        week_pattern,
        is_active,
        file_id,
        line_number
    from {{ ref('stg_master_data__fiscal_calendar_history') }}
),

versions as (
    {{
        scd2(
            'history',
            record_key=['fiscal_calendar_code'],
            fields=[
                'fiscal_calendar_name',
                'advertiser_code',
                'first_month',
                'week_pattern',
                'is_active',
            ],
        ) | indent(4)
    }}
),

final as (
    select
        fiscal_calendar_code,
        fiscal_calendar_name,
        advertiser_code,
        first_month,
        week_pattern,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from versions
)

select * from final
