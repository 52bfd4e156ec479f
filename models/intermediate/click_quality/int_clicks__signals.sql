{#- Sources in whose log lines the method of the request stands. -#}
{%- set logs = ['access_log', 'cloudfront', 'alb'] -%}

with

redirector as (
    select
        file_id,
        line_number,
        request_method,
        request_purpose,
        is_test,
        page_viewed_at
    from {{ ref('stg_redirector__clicks') }}
    where
        request_method is not null
        or request_purpose is not null
        or is_test is not null
        or page_viewed_at is not null
),

everflow as (
    select
        file_id,
        line_number,
        is_test_mode,
        error_code
    from {{ ref('stg_everflow__clicks') }}
    where
        is_test_mode
        -- "Why the click is invalid; 0 for none."
        or error_code != 0
),

{% for log in logs %}
    {{ log }} as (
        select
            file_id,
            line_number,
            method
        from {{ ref('stg_' ~ log ~ '__requests') }}
        where method = 'HEAD'
    ),

{% endfor %}
unioned as (
    select
        file_id,
        line_number,
        upper(request_method) = 'HEAD' as is_head,
        -- "The only purpose that is currently defined is prefetch", with or without a parameter.
        strpos(lower(request_purpose), 'prefetch') > 0
        or strpos(lower(request_purpose), 'prerender') > 0 as is_prefetch,
        is_test,
        false as is_refused,
        page_viewed_at
    from redirector
    union all
    select
        file_id,
        line_number,
        false as is_head,
        false as is_prefetch,
        is_test_mode as is_test,
        error_code != 0 as is_refused,
        cast(null as timestamp) as page_viewed_at
    from everflow
    {% for log in logs %}
        union all
        select
            file_id,
            line_number,
            true as is_head,
            false as is_prefetch,
            false as is_test,
            false as is_refused,
            cast(null as timestamp) as page_viewed_at
        from {{ log }}
    {% endfor %}
),

final as (
    select
        file_id,
        line_number,
        coalesce(is_head, false) as is_head,
        coalesce(is_prefetch, false) as is_prefetch,
        coalesce(is_test, false) as is_test,
        coalesce(is_refused, false) as is_refused,
        page_viewed_at
    from unioned
)

select * from final
