with

entries as (
    select
        side,
        account_code,
        ledger_id,
        transaction_id,
        merchant_id,
        coalesce(lower(action), 'unknown') as action,
        lower(transaction_type) as transaction_type,
        affiliate_tracking,
        order_number,
        comment,
        impact_amount,
        order_amount,
        entered_at,
        pulled_at,
        file_id,
        line_number
    from {{ ref('stg_shareasale__ledger') }}
),

final as (
    select
        {{ observed_commission('shareasale.ledger', 'shareasale', {
            'commission_code': "coalesce(nullif(transaction_id, '0'), ledger_id)",
            'record_code': 'ledger_id',
            'side': 'side',
            'account_code': 'account_code',
            'advertiser_source_id': 'merchant_id',
            'order_code': 'order_number',
            'sub_id': 'affiliate_tracking',
            'network_status': 'action',
            'commission_type': 'transaction_type',
            'reason': "case when action != 'transaction created' then substring(comment, 1, 100) end",
            'currency_code': "'USD'",
            'sale_amount': 'order_amount',
            'commission_amount': 'impact_amount',
            'is_correction': "action != 'transaction created'",
            'occurred_at': 'entered_at',
            'modified_at': 'entered_at',
            'pulled_at': 'pulled_at',
            'file_id': 'file_id',
            'line_number': 'line_number',
        }) }}
    from entries
    -- What was paid out was earned before: the payments mart reads these.
    where coalesce(transaction_type, '') != 'affiliate payment'
)

select * from final
