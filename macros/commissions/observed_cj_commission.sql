{#- One text for both sides, which differ in three fields. -#}
{% macro observed_cj_commission(side) -%}
    {%- set is_publisher = side == 'publisher' -%}
    {#- "locked": no longer open for corrections; "closed": prepared for payment. Neither is being paid, which CJ
        does not tell. -#}
    {%- set has_locked = "lower(action_status) in ('locked', 'closed')" -%}
    {{- observed_commission('cj.' ~ side ~ '_commissions', 'cj', {
        'commission_code': "coalesce(original_action_id, commission_id)",
        'record_code': 'commission_id',
        'side': "'" ~ side ~ "'",
        'account_code': 'account_code',
        'advertiser_source_id': 'advertiser_id',
        'partner_source_id': 'publisher_id',
        'program_source_id': 'advertiser_id',
        'creative_source_id': 'ad_id',
        'order_code': 'order_id',
        'sub_id': 'shopper_id' if is_publisher else 'null',
        'network_status': "case when lower(validation_status) = 'declined' then 'declined'"
            ~ " else lower(action_status) end",
        'commission_type': 'lower(action_type)',
        'reason': 'correction_reason',
        'country_code': 'upper(country_code)',
        'device': 'concluding_device_type',
        'customer_type': 'null' if is_publisher
            else "case when is_new_to_file then 'new' when not is_new_to_file then 'returning' end",
        'coupon_code': 'coupon_code',
        'referrer_url': 'click_referring_url',
        'currency_code': "'USD'",
        'sale_amount': 'sale_amount_usd',
        'commission_amount': 'pub_commission_amount_usd',
        'network_fee_amount': 'null' if is_publisher else 'cj_fee_usd',
        'is_correction': 'not is_original',
        'clicked_at': 'clicked_at',
        'occurred_at': 'occurred_at',
        'posted_at': 'posted_at',
        'modified_at': "case when " ~ has_locked ~ " then coalesce(locks_at, posted_at)"
            ~ " else posted_at end",
        'approved_at': "case when " ~ has_locked ~ " and coalesce(lower(validation_status), '')"
            ~ " != 'declined' then locks_at end",
        'pulled_at': 'pulled_at',
        'file_id': 'file_id',
        'line_number': 'line_number',
    }) -}}
{%- endmacro %}
