with

source as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        code,
        advertiser_code,
        channel_code,
        metric_name,
        starts_on,
        ends_on,
        amount,
        currency_code,
        is_active,
        reason,
        _file_id,
        _line_number,
        _loaded_at,
        _extra
    from {{ source('master_data', 'target_history') }}
),

final as (
    select
        history_id,
        change_type,
        code,
        advertiser_code,
        channel_code,
        metric_name,
        amount,
        currency_code,
        reason,
        is_active,
        starts_on,
        ends_on,
        recorded_at,
        effective_from,
        _extra as extra_fields,
        _file_id as file_id,
        _line_number as line_number,
        _loaded_at as loaded_at
    from source
)

select * from final
