with

source as (
    select
        member_id,
        mid,
        advertiser_name,
        order_id,
        transaction_id,
        sku,
        product_name,
        currency,
        items,
        sales,
        total_commission,
        transacted_at,
        processed_at,
        side,
        account_code,
        request_time_zone,
        pulled_at,
        _file_id,
        _line_number,
        _loaded_at,
        _extra
    from {{ source('rakuten', 'signature') }}
),

final as (
    select
        member_id,
        mid,
        advertiser_name,
        order_id,
        transaction_id,
        sku,
        product_name,
        currency,
        items,
        side,
        account_code,
        request_time_zone,
        sales,
        total_commission,
        transacted_at,
        processed_at,
        pulled_at,
        _extra as extra_fields,
        _file_id as file_id,
        _line_number as line_number,
        _loaded_at as loaded_at
    from source
)

select * from final
