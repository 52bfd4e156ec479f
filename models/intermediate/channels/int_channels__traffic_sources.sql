{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='file_id',
        on_schema_change='fail',
        contract={'enforced': true},
        dist='even',
        sort=['file_id'],
        post_hook="{{ forget_gone_files() }}",
    )
}}

-- depends_on: {{ ref('stg_loader__files') }}

{%- set origins = ['int_clicks__unioned', 'int_page_views__unioned'] %}
{%- set arrived = new_files(origins) if is_incremental() else [] %}

with

clicks as (
    select
        file_id,
        network_code,
        utm_source,
        utm_medium,
        utm_campaign,
        {{ url_host('referrer_url') }} as referrer_host
    from {{ ref('int_clicks__unioned') }}
    {% if is_incremental() %}
        where {{ in_list('file_id', arrived) }}
    {% endif %}
),

page_views as (
    select
        file_id,
        utm_source,
        utm_medium,
        utm_campaign,
        {{ url_host('referrer_url') }} as referrer_host,
        case when is_internal then 0 else 1 end as arrives
    from {{ ref('int_page_views__unioned') }}
    {% if is_incremental() %}
        where {{ in_list('file_id', arrived) }}
    {% endif %}
),

-- A view of a page brings somebody, too, when it was not reached from another page of the site.
-- Asked of the groups: as a filter of the views, DuckDB would write the condition's steps into one
-- expression and compute them again and again.
arrivals as (
    select
        file_id,
        utm_source,
        utm_medium,
        utm_campaign,
        referrer_host
    from page_views
    group by
        file_id,
        utm_source,
        utm_medium,
        utm_campaign,
        referrer_host
    having max(arrives) = 1
),

unioned as (
    select
        file_id,
        network_code,
        utm_source,
        utm_medium,
        utm_campaign,
        referrer_host
    from clicks
    union all
    select
        file_id,
        cast(null as varchar(30)) as network_code,
        utm_source,
        utm_medium,
        utm_campaign,
        referrer_host
    from arrivals
),

final as (
    select distinct
        file_id,
        cast(coalesce(network_code, 'none') as varchar(30)) as network_code,
        cast({{ channel_source() }} as varchar(255)) as source,
        cast({{ channel_medium() }} as varchar(255)) as medium,
        cast({{ channel_campaign() }} as varchar(255)) as campaign
    from unioned
)

select * from final
