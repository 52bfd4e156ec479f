with

source as (
    select
        cost_code,
        cost_type,
        network_code,
        advertiser_code,
        advertiser_source_id,
        partner_code,
        partner_source_id,
        program_code,
        program_source_id,
        campaign_code,
        campaign_source_id,
        channel_code,
        currency_code,
        amount,
        period_from,
        period_to,
        spread,
        pulled_at,
        _file_id,
        _line_number,
        _loaded_at,
        _extra
    from {{ source('costs', 'cost_lines') }}
),

final as (
    select
        cost_code,
        cost_type,
        network_code,
        advertiser_code,
        advertiser_source_id,
        partner_code,
        partner_source_id,
        program_code,
        program_source_id,
        campaign_code,
        campaign_source_id,
        channel_code,
        currency_code,
        amount,
        spread,
        period_from,
        period_to,
        pulled_at,
        _extra as extra_fields,
        _file_id as file_id,
        _line_number as line_number,
        _loaded_at as loaded_at
    from source
)

select * from final
