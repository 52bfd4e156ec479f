with

source as (
    select
        side,
        account_code,
        request_time_zone,
        pulled_at,
        ledger_id,
        transaction_id,
        merchant_id,
        merchant_organization,
        store_id,
        action,
        transaction_type,
        affiliate_tracking,
        order_number,
        comment,
        impact_amount,
        order_amount,
        entered_at,
        _file_id,
        _line_number,
        _loaded_at,
        _extra
    from {{ source('shareasale', 'ledger') }}
),

final as (
    select
        side,
        account_code,
        request_time_zone,
        ledger_id,
        transaction_id,
        merchant_id,
        merchant_organization,
        store_id,
        action,
        transaction_type,
        affiliate_tracking,
        order_number,
        comment,
        impact_amount,
        order_amount,
        entered_at,
        pulled_at,
        _extra as extra_fields,
        _file_id as file_id,
        _line_number as line_number,
        _loaded_at as loaded_at
    from source
)

select * from final
