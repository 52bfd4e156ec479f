{%- set keys = [
    'network_key',
    'advertiser_key',
    'partner_key',
    'program_key',
    'campaign_key',
    'channel_key',
] -%}

{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        on_schema_change='fail',
        contract={'enforced': true},
        pre_hook="{{ forget_days(changed_days_of_clicks) }}",
        post_hook="{{ remember_days('fct_clicks') }}",
        dist='even',
        sort=['date_key'],
    )
}}

with

clicks as (
    select
        date_key,
        {{ keys | join(',\n        ') }},
        currency_code,
        cost_amount,
        clicked_date
    from {{ ref('fct_clicks') }}
    where
        cost_amount is not null
        {% if is_incremental() %}
            and {{ in_list('date_key', changed_days_of_clicks()) }}
        {% endif %}
),

final as (
    select
        date_key,
        {{ keys | join(',\n        ') }},
        currency_code,
        cast(sum(cost_amount) as numeric(18, 6)) as cost_amount,
        clicked_date as incurred_date
    from clicks
    group by
        date_key,
        {{ keys | join(',\n        ') }},
        currency_code,
        clicked_date
)

select * from final
