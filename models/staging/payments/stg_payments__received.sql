with

source as (
    select
        network_code,
        account_code,
        payment_code,
        paid_on,
        currency_code,
        amount,
        fee_amount,
        period_from,
        period_to,
        pulled_at,
        _file_id,
        _line_number,
        _loaded_at,
        _extra
    from {{ source('payments', 'received') }}
),

final as (
    select
        network_code,
        account_code,
        payment_code,
        currency_code,
        amount,
        fee_amount,
        paid_on,
        period_from,
        period_to,
        pulled_at,
        _extra as extra_fields,
        _file_id as file_id,
        _line_number as line_number,
        _loaded_at as loaded_at
    from source
)

select * from final
