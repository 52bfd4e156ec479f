{%- set keys = [
    'partner_key',
    'advertiser_key',
    'program_key',
    'campaign_key',
    'channel_key',
    'device_key',
    'country_key',
] -%}
{%- set classes = ['unique', 'duplicate', 'invalid'] -%}

{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        on_schema_change='fail',
        post_hook="{{ forget_gone_days(ref('fct_clicks')) }}",
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
        {% for click_class in classes %}
            cast(sum(case when click_class = '{{ click_class }}' then 1 else 0 end) as bigint)
                as {{ click_class }}_clicks{{ ',' if not loop.last }}
        {% endfor %}
    from clicks
    {% if is_incremental() %}
        where {{ in_list('date_key', outdated_performance_days(keys)) }}
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
        {% for click_class in classes %}
            {{ click_class }}_clicks{{ ',' if not loop.last }}
        {% endfor %}
    from days
)

select * from final
