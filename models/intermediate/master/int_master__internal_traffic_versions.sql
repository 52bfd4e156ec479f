{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

history as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        code as traffic_code,
        -- What is ours no more has no mark that a click could carry.
        case when coalesce(is_active, true) then ip_prefix end as ip_prefix,
        case when coalesce(is_active, true) then cookie_hash end as cookie_hash,
        case when coalesce(is_active, true) then url_parameter end as url_parameter,
        file_id,
        line_number
    from {{ ref('stg_master_data__internal_traffic_history') }}
),

-- Not open to the past: an address that is ours today was somebody else's before.
final as (
    {{
        scd2(
            'history',
            record_key=['traffic_code'],
            fields=['ip_prefix', 'cookie_hash', 'url_parameter'],
            open_to_past=false,
        ) | indent(4)
    }}
)

select * from final
