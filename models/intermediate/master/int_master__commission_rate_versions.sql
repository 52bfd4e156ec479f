{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

history as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        code as rate_code,
        program_code,
        product_category_code,
        partner_code,
        rate,
        is_active,
        file_id,
        line_number
    from {{ ref('stg_master_data__commission_rate_history') }}
),

versions as (
    {{
        scd2(
            'history',
            record_key=['rate_code'],
            fields=[
                'program_code',
                'product_category_code',
                'partner_code',
                'rate',
                'is_active',
            ],
        ) | indent(4)
    }}
),

final as (
    select
        rate_code,
        program_code,
        product_category_code,
        partner_code,
        cast(rate as numeric(9, 6)) as rate,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from versions
)

select * from final
