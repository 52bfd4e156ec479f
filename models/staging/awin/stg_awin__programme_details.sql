with

source as (
    select
        program_id,
        account_code,
        program_name,
        membership_status,
        display_url,
        country_code,
        sector,
        currency_code,
        lowest_percentage,
        highest_percentage,
        lowest_amount,
        highest_amount,
        approval_percentage,
        conversion_percentage,
        validation_days,
        is_deeplink_allowed,
        is_full,
        pulled_at,
        _file_id,
        _line_number,
        _loaded_at,
        _extra
    from {{ source('awin', 'programme_details') }}
),

final as (
    select
        program_id,
        account_code,
        program_name,
        membership_status,
        display_url,
        country_code,
        sector,
        currency_code,
        lowest_percentage,
        highest_percentage,
        lowest_amount,
        highest_amount,
        approval_percentage,
        conversion_percentage,
        validation_days,
        is_deeplink_allowed,
        is_full,
        pulled_at,
        _extra as extra_fields,
        _file_id as file_id,
        _line_number as line_number,
        _loaded_at as loaded_at
    from source
)

select * from final
