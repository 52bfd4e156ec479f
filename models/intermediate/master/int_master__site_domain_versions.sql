{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

history as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        domain,
        partner_code,
        is_active,
        file_id,
        line_number
    from {{ ref('stg_master_data__site_domain_history') }}
),

versions as (
    {{
        scd2(
            'history',
            record_key=['domain'],
            fields=[
                'partner_code',
                'is_active',
            ],
        ) | indent(4)
    }}
),

final as (
    select
        domain,
        partner_code,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from versions
)

select * from final
