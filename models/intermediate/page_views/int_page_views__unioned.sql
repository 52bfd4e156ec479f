{%- set carrier = "'" ~ var('click_id_parameter') ~ "'" -%}

with

access_log as (
    select
        ip_hash,
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
        line_number
    from {{ ref('stg_access_log__requests') }}
),

cloudfront as (
    select
        request_id,
        ip_hash,
        country_code,
        method,
        host,
        scheme,
        path,
        query,
        status_code,
        referrer_url,
        user_agent,
        utm_source,
        utm_medium,
        utm_campaign,
        requested_at,
        file_id,
        line_number
    from {{ ref('stg_cloudfront__requests') }}
),

alb as (
    select
        trace_id,
        ip_hash,
        method,
        url,
        path,
        query,
        status_code,
        user_agent,
        utm_source,
        utm_medium,
        utm_campaign,
        request_created_at,
        responded_at,
        file_id,
        line_number
    from {{ ref('stg_alb__requests') }}
),

snowplow as (
    select
        event_id,
        event,
        user_hash,
        ip_hash,
        domain_user_hash,
        country_code,
        page_url,
        page_urlquery,
        page_referrer,
        user_agent,
        mkt_source,
        mkt_medium,
        mkt_campaign,
        collected_at,
        derived_at,
        file_id,
        line_number
    from {{ ref('stg_snowplow__events') }}
),

ga4 as (
    select
        event_name,
        user_pseudo_hash,
        user_hash,
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
        line_number
    from {{ ref('stg_ga4__events') }}
),

countries as (
    select
        country_code,
        country_name
    from {{ ref('countries') }}
),

allowed as (
    select
        source_name,
        coalesce(event, '') as event,
        coalesce(method, '') as method,
        coalesce(status_code, '') as status_code
    from {{ ref('page_view_rules') }}
    where is_page_view
),

excluded as (
    select extension
    from {{ ref('page_view_rules') }}
    where not is_page_view
),

-- The identities of the records are those that their clicks have (int_clicks__candidates).
unioned as (
    select
        cast('access_log' as varchar(63)) as source_name,
        '' as event,
        upper(method) as method,
        cast(status_code as varchar(10)) as status_code,
        {{ path_extension('path') }} as extension,
        {{ content_id('access_log') }} as natural_id,
        true as is_numbered_in_file,
        requested_at as viewed_at,
        path as page_url,
        query,
        referrer_url,
        user_agent,
        ip_hash,
        cast(null as varchar(32)) as cookie_hash,
        remote_user_hash as login_hash,
        cast(null as varchar(2)) as country_code,
        utm_source,
        utm_medium,
        utm_campaign,
        file_id,
        line_number
    from access_log

    union all

    select
        cast('cloudfront' as varchar(63)) as source_name,
        '' as event,
        upper(method) as method,
        cast(status_code as varchar(10)) as status_code,
        {{ path_extension('path') }} as extension,
        request_id as natural_id,
        false as is_numbered_in_file,
        requested_at as viewed_at,
        coalesce(scheme || '://' || host, '') || path as page_url,
        query,
        referrer_url,
        user_agent,
        ip_hash,
        cast(null as varchar(32)) as cookie_hash,
        cast(null as varchar(32)) as login_hash,
        country_code,
        utm_source,
        utm_medium,
        utm_campaign,
        file_id,
        line_number
    from cloudfront

    union all

    select
        cast('alb' as varchar(63)) as source_name,
        '' as event,
        upper(method) as method,
        cast(status_code as varchar(10)) as status_code,
        {{ path_extension('path') }} as extension,
        {{ content_id('alb') }} as natural_id,
        true as is_numbered_in_file,
        coalesce(request_created_at, responded_at) as viewed_at,
        url as page_url,
        query,
        cast(null as varchar(8192)) as referrer_url,
        user_agent,
        ip_hash,
        cast(null as varchar(32)) as cookie_hash,
        cast(null as varchar(32)) as login_hash,
        cast(null as varchar(2)) as country_code,
        utm_source,
        utm_medium,
        utm_campaign,
        file_id,
        line_number
    from alb

    union all

    select
        cast('snowplow' as varchar(63)) as source_name,
        event,
        '' as method,
        '' as status_code,
        cast(null as varchar(20)) as extension,
        event_id as natural_id,
        false as is_numbered_in_file,
        coalesce(derived_at, collected_at) as viewed_at,
        page_url,
        page_urlquery as query,
        page_referrer as referrer_url,
        user_agent,
        ip_hash,
        domain_user_hash as cookie_hash,
        user_hash as login_hash,
        country_code,
        mkt_source as utm_source,
        mkt_medium as utm_medium,
        mkt_campaign as utm_campaign,
        file_id,
        line_number
    from snowplow

    union all

    select
        cast('ga4' as varchar(63)) as source_name,
        ga4.event_name as event,
        '' as method,
        '' as status_code,
        cast(null as varchar(20)) as extension,
        {{ content_id('ga4', relation='ga4') }} as natural_id,
        false as is_numbered_in_file,
        ga4.event_timestamp as viewed_at,
        ga4.page_location as page_url,
        {{ url_query('ga4.page_location') }} as query,
        ga4.page_referrer as referrer_url,
        cast(null as varchar(8192)) as user_agent,
        cast(null as varchar(32)) as ip_hash,
        ga4.user_pseudo_hash as cookie_hash,
        ga4.user_hash as login_hash,
        countries.country_code,
        coalesce(ga4.collected_source, ga4.event_source) as utm_source,
        coalesce(ga4.collected_medium, ga4.event_medium) as utm_medium,
        coalesce(ga4.collected_campaign, ga4.event_campaign) as utm_campaign,
        ga4.file_id,
        ga4.line_number
    from ga4
    left join countries on ga4.country_name = countries.country_name
),

page_views as (
    select unioned.*
    from unioned
    inner join allowed
        on
            unioned.source_name = allowed.source_name
            and unioned.event = allowed.event
            and unioned.method = allowed.method
            and unioned.status_code = allowed.status_code
    left join excluded on unioned.extension = excluded.extension
    where excluded.extension is null
),

numbered as (
    select
        *,
        row_number() over (
            partition by file_id, natural_id
            order by line_number
        ) as occurrence
    from page_views
),

carried as (
    select
        *,
        cast({{ query_parameter('query', carrier) }} as varchar(512)) as carried_click_id
    from numbered
),

final as (
    select
        source_name,
        cast(
            natural_id
            || case
                when is_numbered_in_file then '-' || cast(occurrence as varchar(20)) else ''
            end
            as varchar(512)
        ) as event_id,
        viewed_at,
        cast(left(page_url, 8192) as varchar(8192)) as page_url,
        referrer_url,
        carried_click_id,
        user_agent,
        ip_hash,
        cookie_hash,
        login_hash,
        country_code,
        utm_source,
        utm_medium,
        utm_campaign,
        -- A page that was reached from another page of the same site brought nobody; and of one
        -- that a click of ours led to, the click says who did.
        coalesce(
            {{ url_host('referrer_url') }} = {{ url_host('page_url') }}
            {% if var('own_hosts') %}
                or {{ url_host('referrer_url') }} in ('{{ var('own_hosts') | join("', '") }}')
            {% endif %},
            false
        )
        or carried_click_id is not null as is_internal,
        file_id,
        line_number
    from carried
)

select * from final
