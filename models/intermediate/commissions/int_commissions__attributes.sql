{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='commission_key',
        on_schema_change='fail',
        contract={'enforced': true},
        post_hook="{{ forget_gone_values('commission_key', ref('int_commissions__pulled')) }}",
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
{#- What the search for a commission's click looks at. -#}
{%- set click_marks = [
    'network_code',
    'advertiser_source_id',
    'partner_source_id',
    'click_code',
    'sub_id',
    'referrer_url',
    'clicked_at',
    'occurred_at',
] %}

with

states as (
    select
        commission_key,
        {{ observations_state() }} as observations_state
    from {{ ref('int_commissions__pulled') }}
    group by commission_key
),

-- The observations of a commission are not those that it was made of.
outdated as (
    select
        states.commission_key,
        states.observations_state
    from states
    {% if is_incremental() %}
        left join {{ this }} as known
            on
                states.commission_key = known.commission_key
                and states.observations_state = known.observations_state
        where known.commission_key is null
    {% endif %}
),

pulled as (
    select *
    from {{ ref('int_commissions__pulled') }}
),

observations as (
    select
        pulled.*,
        outdated.observations_state,
        row_number() over (
            partition by pulled.commission_key
            order by {{ observation_order() }}
        ) as place
    from pulled
    inner join outdated on pulled.commission_key = outdated.commission_key
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

merged as (
    select
        commission_key,
        network_code,
        cast(max(commission_code) as {{ columns['commission_code'] }}) as commission_code,
        {% for attribute in attributes %}
            cast(
                max(case when place = {{ attribute }}_place then {{ attribute }} end)
                as {{ columns[attribute] }}
            ) as {{ attribute }},
        {% endfor %}
        cast(count(*) as integer) as observations,
        cast(sum(case when is_correction then 1 else 0 end) as integer) as corrections,
        cast(max(observations_state) as numeric(38, 0)) as observations_state,
        min(occurred_at) as occurred_at
    from last_said
    group by commission_key, network_code
),

final as (
    select
        commission_key,
        network_code,
        commission_code,
        {{ attributes | join(',\n        ') }},
        observations,
        corrections,
        observations_state,
        {{ dimension_key(click_marks, plain=['network_code']) }} as click_state,
        occurred_at
    from merged
)

select * from final
