{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

history as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        code as creative_code,
        name as creative_name,
        creative_type,
        width,
        height,
        is_active,
        file_id,
        line_number
    from {{ ref('stg_master_data__creative_history') }}
),

versions as (
    {{
        scd2(
            'history',
            record_key=['creative_code'],
            fields=[
                'creative_name',
                'creative_type',
                'width',
                'height',
                'is_active',
            ],
        ) | indent(4)
    }}
),

final as (
    select
        creative_code,
        creative_name,
        creative_type,
        width,
        height,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from versions
)

select * from final
