{%- set keys = [
    'partner_key',
    'advertiser_key',
    'program_key',
    'campaign_key',
    'channel_key',
    'device_key',
    'country_key',
] -%}

{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        on_schema_change='fail',
        pre_hook="{{ forget_changed_days('fct_clicks') }}",
        post_hook="{{ remember_days('fct_clicks') }}",
        dist='even',
        sort=['date_key'],
        indexes=[{'columns': ['date_key']}],
    )
}}

with

clicks as (
    select
        date_key,
        {{ keys | join(',\n        ') }},
        click_class
    from {{ ref('fct_clicks') }}
),

days as (
    select
        date_key,
        {{ keys | join(',\n        ') }},
        cast(count(*) as bigint) as clicks,
        cast(sum(case when click_class = 'unique' then 1 else 0 end) as bigint) as unique_clicks,
        cast(sum(case when click_class = 'duplicate' then 1 else 0 end) as bigint)
            as duplicate_clicks,
        cast(sum(case when click_class = 'invalid' then 1 else 0 end) as bigint) as invalid_clicks
    from clicks
    {% if is_incremental() %}
        where {{ in_list('date_key', changed_days('fct_clicks')) }}
    {% endif %}
    group by
        date_key,
        {{ keys | join(',\n        ') }}
),

final as (
    select
        {{ dimension_key(
            ['date_key'] + keys,
            plain=['date_key'] + keys,
        ) }} as daily_performance_key,
        date_key,
        {{ keys | join(',\n        ') }},
        clicks,
        unique_clicks,
        duplicate_clicks,
        invalid_clicks
    from days
)

select * from final
