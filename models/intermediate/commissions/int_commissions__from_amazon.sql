{#- Everything that a line says: the report has no key, so all of it tells a line from others. -#}
{%- set said = [
    'account_code', 'currency_code', 'tracking_id', 'asin', 'product_name', 'category', 'seller', 'device_group',
    'price_amount', 'items_shipped', 'items_returned', 'revenue_amount', 'fee_amount', 'shipped_on'
] -%}

with

lines as (
    select
        side,
        account_code,
        tracking_id,
        asin,
        product_name,
        category,
        seller,
        device_group,
        coalesce(upper(currency_code), 'USD') as currency_code,
        price_amount,
        items_shipped,
        items_returned,
        revenue_amount,
        fee_amount,
        shipped_on,
        pulled_at,
        file_id,
        line_number
    from {{ ref('stg_amazon__earnings') }}
),

numbered as (
    select
        *,
        -- Two equal lines of one file are two shipments; two in the next file are these again.
        row_number() over (
            partition by file_id, {{ said | join(', ') }}
            order by line_number
        ) as copy_number
    from lines
),

identified as (
    select
        *,
        md5({{ key_text(said + ['copy_number']) }}) as line_code,
        coalesce(items_returned, 0) != 0 or revenue_amount < 0 or fee_amount < 0 as is_return
    from numbered
),

final as (
    select
        {{ observed_commission('amazon.earnings', 'amazon', {
            'commission_code': 'line_code',
            'record_code': 'line_code',
            'side': 'side',
            'account_code': 'account_code',
            'advertiser_source_id': "'amazon'",
            'partner_source_id': 'tracking_id',
            'sub_id': 'tracking_id',
            'network_status': "case when is_return then 'returned' else 'shipped' end",
            'commission_type': "'sale'",
            'device': 'device_group',
            'currency_code': 'currency_code',
            'sale_amount': 'revenue_amount',
            'commission_amount': 'fee_amount',
            'is_correction': 'coalesce(is_return, false)',
            'occurred_at': 'shipped_on',
            'pulled_at': 'pulled_at',
            'file_id': 'file_id',
            'line_number': 'line_number',
        }) }}
    from identified
)

select * from final
