with

source as (
    select
        rate_date,
        base_currency,
        quote_currency,
        rate,
        pulled_at,
        _file_id,
        _line_number,
        _loaded_at,
        _extra
    from {{ source('exchange_rates', 'daily_rates') }}
),

final as (
    select
        base_currency,
        quote_currency,
        rate,
        rate_date,
        pulled_at,
        _extra as extra_fields,
        _file_id as file_id,
        _line_number as line_number,
        _loaded_at as loaded_at
    from source
)

select * from final
