{{
    config(
        materialized='table',
        contract={'enforced': true},
        dist='commission_key',
        sort=['commission_key'],
        indexes=[{'columns': ['commission_key']}],
    )
}}

{%- set policies = {'sale': 'sale', 'commission': 'commission', 'network_fee': 'fee'} %}
{%- set dates = {
    'occurred': 'cast(' ~ reporting_timestamp('dated.occurred_at') ~ ' as date)',
    'recorded': 'cast(' ~ reporting_timestamp('dated.recorded_at') ~ ' as date)',
} %}
{%- set targets = ['reporting', 'client'] %}

with

entries as (
    select *
    from {{ ref('int_commissions__entries') }}
),

attributes as (
    select
        commission_key,
        network_code,
        advertiser_source_id,
        occurred_at
    from {{ ref('int_commissions__attributes') }}
),

advertiser_versions as (
    {{ member_versions('advertiser') | indent(4) }}
),

advertisers as (
    select
        advertiser_key,
        reporting_currency_code
    from {{ ref('int_master__advertiser_versions') }}
),

rates as (
    select
        date_day,
        from_currency,
        to_currency,
        rate
    from {{ ref('int_currencies__daily_rates') }}
),

dated as (
    select
        entries.*,
        attributes.occurred_at,
        {{ reporting_currency() }} as reporting_currency_code,
        coalesce(advertisers.reporting_currency_code, {{ reporting_currency() }})
            as client_currency_code
    from entries
    inner join attributes on entries.commission_key = attributes.commission_key
    left join advertiser_versions
        on
            {{ is_version_at('attributes', 'advertiser', 'attributes.occurred_at') | indent(12) }}
    left join advertisers on advertiser_versions.member_key = advertisers.advertiser_key
),

final as (
    select
        dated.commission_key,
        dated.currency_code,
        dated.place,
        dated.feed,
        dated.change_type,
        dated.network_status,
        dated.status,
        dated.previous_status,
        dated.reason,
        dated.reporting_currency_code,
        dated.client_currency_code,
        {% for amount in commission_amounts() %}
            dated.{{ amount }}_amount,
            dated.{{ amount }}_level,
            {% for target in targets %}
                {%- set rate = conversion_date(policies[amount], {
                    'occurred': target ~ '_rates_occurred.rate',
                    'recorded': target ~ '_rates_recorded.rate',
                }) %}
                {{ rate }} as {{ target }}_{{ amount }}_rate,
                case
                    when dated.{{ amount }}_amount = 0 then cast(0 as numeric(18, 6))
                    else {{ converted_amount('dated.' ~ amount ~ '_amount', rate) }}
                end as {{ target }}_{{ amount }}_amount,
            {% endfor %}
        {% endfor %}
        dated.is_present_currency,
        dated.occurred_at,
        dated.recorded_at,
        dated.pulled_at,
        dated.file_id,
        dated.line_number
    from dated
    {% for target in targets %}
        {% for name, date in dates.items() if name in var('conversion_dates').values() %}
            left join rates as {{ target }}_rates_{{ name }}
                on
                    {{ date }} = {{ target }}_rates_{{ name }}.date_day
                    and dated.currency_code = {{ target }}_rates_{{ name }}.from_currency
                    and dated.{{ target }}_currency_code = {{ target }}_rates_{{ name }}.to_currency
        {% endfor %}
    {% endfor %}
)

select * from final
