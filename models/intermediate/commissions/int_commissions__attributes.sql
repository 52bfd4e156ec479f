{{
    config(
        materialized='table',
        contract={'enforced': true},
        dist='commission_key',
        sort=['commission_key'],
        indexes=[{'columns': ['commission_key'], 'unique': True}],
    )
}}

{%- set columns = observed_commission_columns() -%}
{%- set attributes = [
    'account_code',
    'advertiser_source_id',
    'partner_source_id',
    'program_source_id',
    'campaign_source_id',
    'creative_source_id',
    'order_code',
    'click_code',
    'sub_id',
    'commission_type',
    'reason',
    'payment_code',
    'country_code',
    'device',
    'customer_type',
    'coupon_code',
    'referrer_url',
    'clicked_at',
    'approved_at',
] %}

with

observations as (
    select
        commission_key,
        network_code,
        commission_code,
        {{ attributes | join(',\n        ') }},
        is_correction,
        occurred_at,
        row_number() over (
            partition by commission_key order by {{ observation_order() }}
        ) as place
    from {{ ref('int_commissions__pulled') }}
),

-- Where each attribute was said last: a view that does not know it says nothing about it.
last_said as (
    select
        {% for attribute in attributes %}
            max(case when {{ attribute }} is not null then place end) over (
                partition by commission_key
            ) as {{ attribute }}_place,
        {% endfor %}
        *
    from observations
),

final as (
    select
        commission_key,
        network_code,
        max(commission_code) as commission_code,
        {% for attribute in attributes %}
            cast(
                max(case when place = {{ attribute }}_place then {{ attribute }} end)
                as {{ columns[attribute] }}
            ) as {{ attribute }},
        {% endfor %}
        cast(count(*) as integer) as observations,
        cast(sum(case when is_correction then 1 else 0 end) as integer) as corrections,
        min(occurred_at) as occurred_at
    from last_said
    group by commission_key, network_code
)

select * from final
