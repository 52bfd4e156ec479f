with

source as (
    select
        etransaction_id,
        advertiser_id,
        site_id,
        order_id,
        offer_id,
        commission_list_id,
        sku_number,
        product_name,
        u1,
        transaction_type,
        event_flag,
        currency,
        quantity,
        sale_amount,
        commissions,
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
    from {{ source('rakuten', 'events') }}
),

final as (
    select
        etransaction_id,
        advertiser_id,
        site_id,
        order_id,
        offer_id,
        commission_list_id,
        sku_number,
        product_name,
        u1,
        transaction_type,
        currency,
        quantity,
        side,
        account_code,
        request_time_zone,
        sale_amount,
        commissions,
        coalesce(upper(event_flag) = 'Y', false) as is_event,
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
