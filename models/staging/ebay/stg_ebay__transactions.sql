with

source as (
    select
        side,
        account_code,
        request_time_zone,
        pulled_at,
        transaction_id,
        checkout_transaction_id,
        event_name,
        status,
        campaign_id,
        campaign_name,
        custom_id,
        checkout_site,
        item_id,
        item_name,
        vertical_category,
        meta_category_name,
        currency_code,
        sale_amount,
        sale_delta_amount,
        earnings_amount,
        earnings_delta_amount,
        quantity,
        quantity_delta,
        clicked_at,
        occurred_at,
        updated_at,
        _file_id,
        _line_number,
        _loaded_at,
        _extra
    from {{ source('ebay', 'transactions') }}
),

final as (
    select
        side,
        account_code,
        request_time_zone,
        transaction_id,
        checkout_transaction_id,
        event_name,
        status,
        campaign_id,
        campaign_name,
        custom_id,
        checkout_site,
        item_id,
        item_name,
        vertical_category,
        meta_category_name,
        currency_code,
        sale_amount,
        sale_delta_amount,
        earnings_amount,
        earnings_delta_amount,
        quantity,
        quantity_delta,
        clicked_at,
        occurred_at,
        updated_at,
        pulled_at,
        _extra as extra_fields,
        _file_id as file_id,
        _line_number as line_number,
        _loaded_at as loaded_at
    from source
)

select * from final
