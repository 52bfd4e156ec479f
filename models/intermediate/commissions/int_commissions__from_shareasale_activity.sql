with

transactions as (
    select
        side,
        account_code,
        transaction_id,
        affiliate_id,
        merchant_id,
        transaction_type,
        banner_id,
        affiliate_comment,
        comment,
        transaction_amount,
        commission_amount,
        coalesce(is_voided, false) as is_voided,
        coalesce(is_locked, false) as is_locked,
        pending_on,
        locks_on,
        paid_on,
        reversed_on,
        clicked_at,
        transacted_at,
        pulled_at,
        file_id,
        line_number
    from {{ ref('stg_shareasale__activity') }}
),

states as (
    select
        *,
        case
            when is_voided or reversed_on is not null then 'voided'
            when is_locked or paid_on is not null then 'locked'
            when pending_on is not null then 'pending'
            else 'open'
        end as state,
        -- "Sale - 21-2465-2148422483": the order number stands nowhere else.
        case
            when comment like 'Sale - %' or comment like 'Lead - %'
                then nullif(trim(substring(comment, 8)), '')
        end as order_number,
        case
            when transaction_type is not null then lower(transaction_type)
            when comment like 'Sale - %' then 'sale'
            when comment like 'Lead - %' then 'lead'
        end as commission_type
    from transactions
),

final as (
    select
        {{ observed_commission('shareasale.activity', 'shareasale', {
            'commission_code': 'transaction_id',
            'side': 'side',
            'account_code': 'account_code',
            'advertiser_source_id': 'merchant_id',
            'partner_source_id': 'affiliate_id',
            'creative_source_id': "nullif(banner_id, '0')",
            'order_code': 'order_number',
            'sub_id': 'affiliate_comment',
            'network_status': 'state',
            'commission_type': 'commission_type',
            'currency_code': "'USD'",
            'sale_amount': 'transaction_amount',
            'commission_amount': 'commission_amount',
            'is_correction': 'false',
            'clicked_at': 'clicked_at',
            'occurred_at': 'transacted_at',
            'approved_at': "case when state = 'locked' then locks_on end",
            'paid_at': 'paid_on',
            'pulled_at': 'pulled_at',
            'file_id': 'file_id',
            'line_number': 'line_number',
        }) }}
    from states
)

select * from final
