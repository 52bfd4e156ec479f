{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

history as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        code as product_category_code,
        name as product_category_name,
        parent_category_code,
        is_active,
        file_id,
        line_number
    from {{ ref('stg_master_data__product_category_history') }}
),

versions as (
    {{
        scd2(
            'history',
            record_key=['product_category_code'],
            fields=[
                'product_category_name',
                'parent_category_code',
                'is_active',
            ],
        ) | indent(4)
    }}
),

final as (
    select
        {{ version_key('product_category', 'product_category_code', 'valid_from') }}
            as product_category_key,
        product_category_code,
        product_category_name,
        parent_category_code,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from versions
)

select * from final
