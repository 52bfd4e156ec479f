with

source as (
    select
        requested_at,
        ip_hash,
        ip_prefix,
        ident,
        remote_user_hash,
        method,
        path,
        query,
        protocol,
        status_code,
        response_bytes,
        referrer_url,
        user_agent,
        utm_source,
        utm_medium,
        utm_campaign,
        _file_id,
        _line_number,
        _loaded_at,
        _extra
    from {{ source('access_log', 'requests') }}
),

final as (
    select
        ident,
        remote_user_hash,
        ip_hash,
        ip_prefix,
        user_agent,
        method,
        path,
        query,
        protocol,
        referrer_url,
        utm_source,
        utm_medium,
        utm_campaign,
        status_code,
        response_bytes,
        requested_at,
        _extra as extra_fields,
        _file_id as file_id,
        _line_number as line_number,
        _loaded_at as loaded_at
    from source
)

select * from final
