with

source as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        code,
        name,
        group_code,
        vertical,
        website_domain,
        country_code,
        reporting_currency_code,
        is_active,
        reason,
        _file_id,
        _line_number,
        _loaded_at,
        _extra
    from {{ source('master_data', 'advertiser_history') }}
),

final as (
    select
        history_id,
        change_type,
        code,
        name,
        group_code,
        vertical,
        website_domain,
        country_code,
        reporting_currency_code,
        reason,
        is_active,
        recorded_at,
        effective_from,
        _extra as extra_fields,
        _file_id as file_id,
        _line_number as line_number,
        _loaded_at as loaded_at
    from source
)

select * from final
