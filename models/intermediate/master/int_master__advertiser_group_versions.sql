{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

history as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        code as group_code,
        name as group_name,
        is_active,
        file_id,
        line_number
    from {{ ref('stg_master_data__advertiser_group_history') }}
),

final as (
    {{
        scd2('history', record_key=['group_code'], fields=['group_name', 'is_active'])
        | indent(4)
    }}
)

select * from final
