with

source as (
    select
        reported_date,
        time_zone,
        network_code,
        side,
        account_code,
        advertiser_source_id,
        program_source_id,
        partner_source_id,
        currency_code,
        basis,
        is_net,
        has_bonus,
        clicks,
        counted_clicks,
        sales,
        sale_amount,
        commission_amount,
        network_fee_amount,
        sales_until,
        pulled_at,
        _file_id,
        _line_number,
        _loaded_at,
        _extra
    from {{ source('network_reports', 'daily') }}
),

final as (
    select
        network_code,
        side,
        account_code,
        advertiser_source_id,
        program_source_id,
        partner_source_id,
        time_zone,
        basis,
        currency_code,
        clicks,
        counted_clicks,
        sales,
        sale_amount,
        commission_amount,
        network_fee_amount,
        is_net,
        has_bonus,
        reported_date,
        sales_until,
        pulled_at,
        _extra as extra_fields,
        _file_id as file_id,
        _line_number as line_number,
        _loaded_at as loaded_at
    from source
)

select * from final
