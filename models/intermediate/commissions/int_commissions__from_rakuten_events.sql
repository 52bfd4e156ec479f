with

lines as (
    select
        etransaction_id,
        advertiser_id,
        site_id,
        order_id,
        sku_number,
        u1,
        transaction_type,
        currency,
        side,
        account_code,
        sale_amount,
        commissions,
        transacted_at,
        processed_at,
        pulled_at,
        file_id,
        line_number
    from {{ ref('stg_rakuten__events') }}
    -- "is_event = Y": measured for the optimisation of media, not commissionable.
    where not is_event
),

final as (
    select
        {{ observed_commission('rakuten.events', 'rakuten', {
            'commission_code': rakuten_commission_code('advertiser_id', 'order_id', 'sku_number'),
            'record_code': 'etransaction_id',
            'side': 'side',
            'account_code': 'account_code',
            'advertiser_source_id': 'advertiser_id',
            'partner_source_id': 'site_id',
            'order_code': 'order_id',
            'sub_id': 'u1',
            'network_status': 'lower(transaction_type)',
            'currency_code': 'upper(currency)',
            'sale_amount': 'sale_amount',
            'commission_amount': 'commissions',
            'is_correction': 'coalesce(commissions, 0) < 0 or coalesce(sale_amount, 0) < 0',
            'occurred_at': 'transacted_at',
            'modified_at': 'processed_at',
            'pulled_at': 'pulled_at',
            'file_id': 'file_id',
            'line_number': 'line_number',
        }) }}
    from lines
)

select * from final
