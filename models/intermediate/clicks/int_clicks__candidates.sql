with

access_log as (
    select
        ip_hash,
        ip_prefix,
        remote_user_hash,
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
        file_id,
        line_number,
        loaded_at
    from {{ ref('stg_access_log__requests') }}
),

cloudfront as (
    select
        request_id,
        ip_hash,
        ip_prefix,
        country_code,
        scheme,
        host,
        path,
        query,
        referrer_url,
        user_agent,
        utm_source,
        utm_medium,
        utm_campaign,
        requested_at,
        file_id,
        line_number,
        loaded_at
    from {{ ref('stg_cloudfront__requests') }}
),

alb as (
    select
        trace_id,
        ip_hash,
        ip_prefix,
        url,
        path,
        query,
        user_agent,
        utm_source,
        utm_medium,
        utm_campaign,
        request_created_at,
        responded_at,
        file_id,
        line_number,
        loaded_at
    from {{ ref('stg_alb__requests') }}
),

snowplow as (
    select
        event_id,
        ip_hash,
        ip_prefix,
        domain_user_hash,
        country_code,
        page_url,
        page_urlpath,
        page_urlquery,
        page_referrer,
        user_agent,
        mkt_source,
        mkt_medium,
        mkt_campaign,
        collected_at,
        derived_at,
        file_id,
        line_number,
        loaded_at
    from {{ ref('stg_snowplow__events') }}
    where event = 'page_view'
),

ga4 as (
    select
        event_name,
        user_pseudo_hash,
        batch_page_id,
        batch_ordering_id,
        batch_event_index,
        page_location,
        page_referrer,
        event_source,
        event_medium,
        event_campaign,
        collected_source,
        collected_medium,
        collected_campaign,
        country_name,
        event_timestamp,
        file_id,
        line_number,
        loaded_at
    from {{ ref('stg_ga4__events') }}
    where event_name = 'page_view'
),

countries as (
    select
        country_code,
        country_name
    from {{ ref('countries') }}
),

unioned as (
    select
        cast('access_log' as varchar(63)) as source_name,
        {{ content_id('access_log') }} as natural_id,
        true as is_numbered_in_file,
        requested_at as clicked_at,
        path,
        query,
        path || coalesce('?' || query, '') as landing_url,
        referrer_url,
        user_agent,
        ip_hash,
        ip_prefix,
        cast(null as varchar(32)) as cookie_hash,
        cast(null as varchar(2)) as country_code,
        utm_source,
        utm_medium,
        utm_campaign,
        file_id,
        line_number,
        loaded_at
    from access_log

    union all

    select
        cast('cloudfront' as varchar(63)) as source_name,
        -- "An opaque string that uniquely identifies a request"
        request_id as natural_id,
        false as is_numbered_in_file,
        requested_at as clicked_at,
        path,
        query,
        coalesce(scheme || '://' || host, '') || path || coalesce('?' || query, '') as landing_url,
        referrer_url,
        user_agent,
        ip_hash,
        ip_prefix,
        cast(null as varchar(32)) as cookie_hash,
        country_code,
        utm_source,
        utm_medium,
        utm_campaign,
        file_id,
        line_number,
        loaded_at
    from cloudfront

    union all

    select
        cast('alb' as varchar(63)) as source_name,
        {{ content_id('alb') }} as natural_id,
        true as is_numbered_in_file,
        coalesce(request_created_at, responded_at) as clicked_at,
        path,
        query,
        url as landing_url,
        cast(null as varchar(8192)) as referrer_url,
        user_agent,
        ip_hash,
        ip_prefix,
        cast(null as varchar(32)) as cookie_hash,
        cast(null as varchar(2)) as country_code,
        utm_source,
        utm_medium,
        utm_campaign,
        file_id,
        line_number,
        loaded_at
    from alb

    union all

    select
        cast('snowplow' as varchar(63)) as source_name,
        event_id as natural_id,
        false as is_numbered_in_file,
        coalesce(derived_at, collected_at) as clicked_at,
        page_urlpath as path,
        page_urlquery as query,
        page_url as landing_url,
        page_referrer as referrer_url,
        user_agent,
        ip_hash,
        ip_prefix,
        domain_user_hash as cookie_hash,
        country_code,
        mkt_source as utm_source,
        mkt_medium as utm_medium,
        mkt_campaign as utm_campaign,
        file_id,
        line_number,
        loaded_at
    from snowplow

    union all

    select
        cast('ga4' as varchar(63)) as source_name,
        {{ content_id('ga4', relation='ga4') }} as natural_id,
        false as is_numbered_in_file,
        ga4.event_timestamp as clicked_at,
        {{ url_path('ga4.page_location') }} as path,
        {{ url_query('ga4.page_location') }} as query,
        ga4.page_location as landing_url,
        ga4.page_referrer as referrer_url,
        -- The export holds what Google read from the user agent, not the user agent.
        cast(null as varchar(8192)) as user_agent,
        cast(null as varchar(32)) as ip_hash,
        cast(null as varchar(43)) as ip_prefix,
        ga4.user_pseudo_hash as cookie_hash,
        countries.country_code,
        coalesce(ga4.collected_source, ga4.event_source) as utm_source,
        coalesce(ga4.collected_medium, ga4.event_medium) as utm_medium,
        coalesce(ga4.collected_campaign, ga4.event_campaign) as utm_campaign,
        ga4.file_id,
        ga4.line_number,
        ga4.loaded_at
    from ga4
    left join countries on ga4.country_name = countries.country_name
),

final as (
    select
        source_name,
        cast(natural_id as varchar(128)) as natural_id,
        is_numbered_in_file,
        cast(path as varchar(8192)) as path,
        cast(query as varchar(8192)) as query,
        cast(left(landing_url, 8192) as varchar(8192)) as landing_url,
        referrer_url,
        user_agent,
        ip_hash,
        ip_prefix,
        cookie_hash,
        country_code,
        utm_source,
        utm_medium,
        utm_campaign,
        file_id,
        line_number,
        clicked_at,
        loaded_at
    from unioned
)

select * from final
