with

source as (
    select
        side,
        account_code,
        request_time_zone,
        pulled_at,
        tracking_id,
        asin,
        product_name,
        category,
        link_type,
        indirect_sales,
        device_group,
        currency_code,
        price_amount,
        items_ordered,
        ordered_on,
        _file_id,
        _line_number,
        _loaded_at,
        _extra
    from {{ source('amazon', 'orders') }}
),

final as (
    select
        side,
        account_code,
        request_time_zone,
        tracking_id,
        asin,
        product_name,
        category,
        link_type,
        indirect_sales,
        device_group,
        currency_code,
        price_amount,
        items_ordered,
        ordered_on,
        pulled_at,
        _extra as extra_fields,
        _file_id as file_id,
        _line_number as line_number,
        _loaded_at as loaded_at
    from source
)

select * from final
