with

source as (
    select
        clickref,
        clicked_at,
        last_used_at,
        campaign_id,
        publisher_id,
        publisher_reference,
        creative_id,
        creative_type,
        specific_creative_id,
        click_type,
        click_status,
        ip_hash,
        ip_prefix,
        last_ip_hash,
        referer,
        ref_device_id,
        ref_traffic_source_id,
        ref_partnership_model_id,
        ref_user_context_id,
        meta_data,
        _file_id,
        _line_number,
        _loaded_at,
        _extra
    from {{ source('partnerize', 'clicks') }}
),

final as (
    select
        clickref,
        campaign_id,
        publisher_id,
        publisher_reference,
        creative_id,
        creative_type,
        specific_creative_id,
        click_type,
        click_status,
        ip_hash,
        ip_prefix,
        last_ip_hash,
        referer,
        ref_device_id,
        ref_traffic_source_id,
        ref_partnership_model_id,
        ref_user_context_id,
        meta_data,
        last_used_at,
        clicked_at,
        _extra as extra_fields,
        _file_id as file_id,
        _line_number as line_number,
        _loaded_at as loaded_at
    from source
)

select * from final
