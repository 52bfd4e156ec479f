{#- One text for both sides, which differ in the fee. -#}
{% macro observed_awin_commission(side) -%}
    {#- An amount travels with its own currency only; the observation's is the commission's. -#}
    {%- set in_its_currency = "case when %s_currency_code = currency_code then %s_amount end" -%}
    {{- observed_commission('awin.' ~ side ~ '_transactions', 'awin', {
        'commission_code': 'transaction_id',
        'side': "'" ~ side ~ "'",
        'account_code': 'account_code',
        'advertiser_source_id': 'advertiser_id',
        'partner_source_id': 'publisher_id',
        'program_source_id': 'advertiser_id',
        'campaign_source_id': 'campaign',
        'order_code': 'order_ref',
        'sub_id': 'click_ref',
        'network_status': 'lower(commission_status)',
        'commission_type': 'transaction_type',
        'reason': 'coalesce(decline_reason, amend_reason)',
        'payment_code': 'payment_id',
        'country_code': 'upper(country_code)',
        'device': 'transaction_device',
        'customer_type': 'lower(customer_acquisition)',
        'coupon_code': 'voucher_code',
        'referrer_url': 'publisher_url',
        'currency_code': 'upper(currency_code)',
        'sale_amount': in_its_currency | replace('%s', 'sale'),
        'commission_amount': 'commission_amount',
        'network_fee_amount': 'null' if side == 'publisher'
            else in_its_currency | replace('%s', 'network_fee'),
        'clicked_at': 'clicked_at',
        'occurred_at': 'occurred_at',
        'approved_at': "case when lower(commission_status) = 'approved' then validated_at end",
        'paid_at': 'case when is_paid_to_publisher then pulled_at end',
        'pulled_at': 'pulled_at',
        'file_id': 'file_id',
        'line_number': 'line_number',
    }) -}}
{%- endmacro %}
