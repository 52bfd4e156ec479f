with

transactions as (
    select
        side,
        account_code,
        transaction_id,
        checkout_transaction_id,
        lower(event_name) as event_name,
        coalesce(lower(status), 'pending') as status,
        campaign_id,
        custom_id,
        checkout_site,
        coalesce(upper(currency_code), 'USD') as currency_code,
        sale_amount,
        sale_delta_amount,
        earnings_amount,
        earnings_delta_amount,
        clicked_at,
        occurred_at,
        updated_at,
        pulled_at,
        file_id,
        line_number
    from {{ ref('stg_ebay__transactions') }}
),

final as (
    select
        {{ observed_commission('ebay.transactions', 'ebay', {
            'commission_code': 'transaction_id',
            'side': 'side',
            'account_code': 'account_code',
            'advertiser_source_id': "'ebay'",
            'partner_source_id': 'account_code',
            'campaign_source_id': "nullif(campaign_id, '0')",
            'order_code': "nullif(checkout_transaction_id, '0')",
            'sub_id': 'custom_id',
            'network_status': 'status',
            'commission_type': "'sale'",
            'country_code': "case when length(checkout_site) = 2 then upper(checkout_site) end",
            'currency_code': 'currency_code',
            'sale_amount': 'sale_amount',
            'commission_amount': 'earnings_amount',
            'is_correction': 'false',
            'clicked_at': 'clicked_at',
            'occurred_at': 'occurred_at',
            'modified_at': 'updated_at',
            'paid_at': "case when status = 'paid' then pulled_at end",
            'pulled_at': 'pulled_at',
            'file_id': 'file_id',
            'line_number': 'line_number',
        }) }}
    from transactions
    -- A bid is no sale and earns nothing; what does earn is money, whatever its name, also when it
    -- no longer does.
    where
        coalesce(event_name, 'sale') in ('sale', 'winning bid (revenue)')
        or sale_amount != 0
        or earnings_amount != 0
        or sale_delta_amount != 0
        or earnings_delta_amount != 0
)

select * from final
