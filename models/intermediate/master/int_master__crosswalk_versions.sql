{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

history as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        kind,
        coalesce(network_code, 'none') as network_code,
        source_id,
        code,
        -- Files of before this column say nothing of it.
        coalesce(is_ignored, false) as is_ignored,
        file_id,
        line_number
    from {{ ref('stg_master_data__crosswalk_history') }}
),

-- "A mapping from a network's id to a master record is retroactive unless it is given a date."
final as (
    {{
        scd2(
            'history',
            record_key=['kind', 'network_code', 'source_id'],
            fields=['code', 'is_ignored'],
            effective_by_default=beginning_of_time(),
            open_to_past=false,
        ) | indent(4)
    }}
)

select * from final
