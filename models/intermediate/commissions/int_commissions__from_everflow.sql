with

conversions as (
    select
        conversion_id,
        transaction_id,
        network_offer_id,
        network_advertiser_id,
        network_affiliate_id,
        network_campaign_id,
        order_id,
        status,
        payout_type,
        sub1,
        coupon_code,
        error_message,
        country,
        device_type,
        referer,
        currency_code,
        side,
        account_code,
        sale_amount,
        payout,
        revenue,
        converted_at,
        clicked_at,
        pulled_at,
        full_from,
        full_to,
        file_id,
        line_number
    from {{ ref('stg_everflow__conversions') }}
    -- An event after the conversion shares its transaction_id and is no commission of its own.
    where not coalesce(is_event, false)
),

final as (
    select
        {{ observed_commission('everflow.conversions', 'everflow', {
            'commission_code': 'conversion_id',
            'side': 'side',
            'account_code': 'account_code',
            'advertiser_source_id': 'network_advertiser_id',
            'partner_source_id': 'network_affiliate_id',
            'program_source_id': 'network_offer_id',
            'campaign_source_id': "nullif(network_campaign_id, '0')",
            'order_code': "nullif(order_id, '0')",
            'click_code': 'transaction_id',
            'sub_id': 'sub1',
            'network_status': 'lower(status)',
            'commission_type': 'payout_type',
            'reason': 'error_message',
            'country_code': 'case when length(country) = 2 then upper(country) end',
            'device': 'device_type',
            'coupon_code': 'coupon_code',
            'referrer_url': 'referer',
            'currency_code': 'upper(currency_code)',
            'sale_amount': 'sale_amount',
            'commission_amount': "case when side = 'publisher' and payout is null then revenue"
                ~ " else payout end",
            'network_fee_amount': "case when coalesce(side, '') != 'publisher'"
                ~ " then revenue - payout end",
            'is_correction': 'false',
            'clicked_at': 'clicked_at',
            'occurred_at': 'converted_at',
            'pulled_at': 'pulled_at',
            'full_from': 'full_from',
            'full_to': 'full_to',
            'file_id': 'file_id',
            'line_number': 'line_number',
        }) }}
    from conversions
)

select * from final
