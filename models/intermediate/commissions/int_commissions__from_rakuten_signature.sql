with

lines as (
    select
        member_id,
        mid,
        order_id,
        transaction_id,
        sku,
        currency,
        side,
        account_code,
        items,
        sales,
        total_commission,
        transacted_at,
        processed_at,
        pulled_at,
        file_id,
        line_number
    from {{ ref('stg_rakuten__signature') }}
),

-- A line has no id. Names are left out: an advertiser that is renamed has earned nobody anything.
told as (
    select
        mid,
        order_id,
        sku,
        member_id,
        currency,
        side,
        account_code,
        sales,
        total_commission,
        transacted_at,
        processed_at,
        pulled_at,
        file_id,
        line_number,
        {{ key_text([
            'mid',
            'order_id',
            'sku',
            'member_id',
            'transaction_id',
            'currency',
            'items',
            'sales',
            'total_commission',
            timestamp_text('transacted_at'),
            timestamp_text('processed_at'),
        ]) }} as line_text
    from lines
),

-- Lines of one report that say the same are two sales; in two reports they are one.
numbered as (
    select
        mid,
        order_id,
        sku,
        member_id,
        currency,
        side,
        account_code,
        sales,
        total_commission,
        transacted_at,
        processed_at,
        pulled_at,
        file_id,
        line_number,
        line_text,
        row_number() over (partition by file_id, line_text order by line_number) as copy_number
    from told
),

final as (
    select
        {{ observed_commission('rakuten.signature', 'rakuten', {
            'commission_code': rakuten_commission_code('mid', 'order_id', 'sku'),
            'record_code': "md5(line_text || '|' || cast(copy_number as varchar(20)))",
            'side': 'side',
            'account_code': 'account_code',
            'advertiser_source_id': 'mid',
            'order_code': 'order_id',
            'sub_id': 'member_id',
            'network_status': "'signature'",
            'currency_code': 'upper(currency)',
            'sale_amount': 'sales',
            'commission_amount': 'total_commission',
            'is_correction': 'coalesce(total_commission, 0) < 0 or coalesce(sales, 0) < 0',
            'occurred_at': 'transacted_at',
            'modified_at': 'processed_at',
            'pulled_at': 'pulled_at',
            'file_id': 'file_id',
            'line_number': 'line_number',
        }) }}
    from numbered
)

select * from final
