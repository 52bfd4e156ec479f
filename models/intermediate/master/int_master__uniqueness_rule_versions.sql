{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

history as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        code as advertiser_code,
        rule_id,
        file_id,
        line_number
    from {{ ref('stg_master_data__uniqueness_rule_history') }}
),

-- Not open to the past: before somebody decided otherwise, the default rule counted.
final as (
    {{
        scd2(
            'history',
            record_key=['advertiser_code'],
            fields=['rule_id'],
            open_to_past=false,
        ) | indent(4)
    }}
)

select * from final
