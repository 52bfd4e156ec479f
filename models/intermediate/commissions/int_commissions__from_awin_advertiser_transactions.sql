with

transactions as (
    select
        transaction_id,
        account_code,
        advertiser_id,
        publisher_id,
        payment_id,
        order_ref,
        publisher_url,
        campaign,
        click_ref,
        commission_status,
        transaction_type,
        decline_reason,
        amend_reason,
        voucher_code,
        country_code,
        customer_acquisition,
        transaction_device,
        currency_code,
        sale_currency_code,
        network_fee_currency_code,
        commission_amount,
        sale_amount,
        network_fee_amount,
        is_paid_to_publisher,
        clicked_at,
        occurred_at,
        validated_at,
        pulled_at,
        file_id,
        line_number
    from {{ ref('stg_awin__advertiser_transactions') }}
),

final as (
    select
        {{ observed_awin_commission('advertiser') }}
    from transactions
)

select * from final
