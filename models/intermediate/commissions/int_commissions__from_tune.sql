with

conversions as (
    select
        tune_event_id,
        ad_id,
        advertiser_id,
        offer_id,
        affiliate_id,
        creative_url_id,
        advertiser_info,
        affiliate_info1,
        status,
        status_code,
        payout_type,
        promo_code,
        country_code,
        refer,
        currency,
        side,
        account_code,
        payout,
        revenue,
        sale_amount,
        is_adjustment,
        converted_at,
        session_at,
        pulled_at,
        full_from,
        full_to,
        file_id,
        line_number
    from {{ ref('stg_tune__conversions') }}
),

worded as (
    select
        tune_event_id,
        ad_id,
        advertiser_id,
        offer_id,
        affiliate_id,
        creative_url_id,
        advertiser_info,
        affiliate_info1,
        status_code,
        payout_type,
        promo_code,
        country_code,
        refer,
        currency,
        side,
        account_code,
        payout,
        revenue,
        sale_amount,
        is_adjustment,
        converted_at,
        session_at,
        pulled_at,
        full_from,
        full_to,
        file_id,
        line_number,
        -- The status is one of three words; the code says what it is about.
        case
            when status_code between 11 and 19 then 'rejected'
            when status_code between 21 and 23 then 'test'
            when status_code between 41 and 43 then 'approved'
            when status_code = 52 then 'adjustment'
            -- By hand (31) or over a cap (61 to 65, from 81): what became of it is the status.
            when status is not null then lower(status)
            when status_code = 31 then 'manual'
            when status_code between 61 and 65 then 'offer_cap'
            when status_code >= 81 then 'affiliate_cap'
        end as status_word
    from conversions
),

final as (
    select
        {{ observed_commission('tune.conversions', 'tune', {
            'commission_code': 'tune_event_id',
            'side': 'side',
            'account_code': 'account_code',
            'advertiser_source_id': "nullif(advertiser_id, '0')",
            'partner_source_id': "nullif(affiliate_id, '0')",
            'program_source_id': "nullif(offer_id, '0')",
            'creative_source_id': "nullif(creative_url_id, '0')",
            'order_code': "nullif(advertiser_info, '0')",
            'click_code': "nullif(ad_id, '0')",
            'sub_id': 'affiliate_info1',
            'network_status': 'status_word',
            'commission_type': 'payout_type',
            'reason': "case when status_word not in ('approved', 'pending') or status_code >= 61"
                ~ " then 'status code ' || cast(status_code as varchar(10)) end",
            'country_code': 'case when length(country_code) = 2 then upper(country_code) end',
            'coupon_code': 'promo_code',
            'referrer_url': 'refer',
            'currency_code': 'upper(currency)',
            'sale_amount': 'sale_amount',
            'commission_amount': 'payout',
            'network_fee_amount': "case when coalesce(side, '') != 'publisher'"
                ~ " then revenue - payout end",
            'is_correction': 'coalesce(status_code = 52 or is_adjustment, false)',
            'clicked_at': 'session_at',
            'occurred_at': 'converted_at',
            'pulled_at': 'pulled_at',
            'full_from': 'full_from',
            'full_to': 'full_to',
            'file_id': 'file_id',
            'line_number': 'line_number',
        }) }}
    from worded
)

select * from final
