with

items as (
    select
        conversion_item_id,
        conversion_reference,
        clickref,
        campaign_id,
        publisher_id,
        publisher_reference,
        customer_type,
        creative_id,
        country,
        source_referer,
        ref_device,
        ref_partnership_model,
        item_status,
        reject_reason,
        publisher_self_bill_id,
        click_clickref,
        click_publisher_reference,
        currency,
        side,
        account_code,
        item_value,
        item_publisher_commission,
        converted_at,
        last_modified_at,
        item_updated_at,
        item_approved_at,
        clicked_at,
        pulled_at,
        file_id,
        line_number
    from {{ ref('stg_partnerize__conversions') }}
),

final as (
    select
        {{ observed_commission('partnerize.conversions', 'partnerize', {
            'commission_code': 'conversion_item_id',
            'side': 'side',
            'account_code': 'account_code',
            'advertiser_source_id': "'program:' || campaign_id",
            'partner_source_id': 'publisher_id',
            'program_source_id': 'campaign_id',
            'creative_source_id': "nullif(creative_id, '0')",
            'order_code': 'conversion_reference',
            'click_code': 'coalesce(clickref, click_clickref)',
            'sub_id': 'coalesce(publisher_reference, click_publisher_reference)',
            'network_status': 'lower(item_status)',
            'commission_type': 'ref_partnership_model',
            'reason': 'reject_reason',
            'payment_code': "nullif(publisher_self_bill_id, '0')",
            'country_code': 'case when length(country) = 2 then upper(country) end',
            'device': 'ref_device',
            'customer_type': 'customer_type',
            'referrer_url': 'source_referer',
            'currency_code': 'upper(currency)',
            'sale_amount': 'item_value',
            'commission_amount': 'item_publisher_commission',
            'is_correction': 'false',
            'clicked_at': 'clicked_at',
            'occurred_at': 'converted_at',
            'modified_at': 'coalesce(item_updated_at, last_modified_at)',
            'approved_at': 'item_approved_at',
            'paid_at': "case when nullif(publisher_self_bill_id, '0') is not null then pulled_at end",
            'pulled_at': 'pulled_at',
            'file_id': 'file_id',
            'line_number': 'line_number',
        }) }}
    from items
)

select * from final
