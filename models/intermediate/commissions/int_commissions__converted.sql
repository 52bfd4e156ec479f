{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='commission_key',
        on_schema_change='fail',
        contract={'enforced': true},
        post_hook=[
            "{{ forget_gone_values('commission_key', ref('int_commissions__entries')) }}",
            "{{ remember('int_commissions__entries', ['commission_key', 'entry_state']) }}",
            "{{ remember('int_members__versions') }}",
            "{{ remember('int_master__advertiser_versions', [
                'advertiser_key', 'reporting_currency_code',
            ]) }}",
            "{{ remember('int_currencies__daily_rates') }}",
        ],
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
{#- The entry, and by which rates it was converted. -#}
{%- set says = ['entry_state', 'reporting_currency_code', 'client_currency_code'] %}
{%- for amount in commission_amounts() %}
    {%- for target in targets %}
        {%- do says.append(target ~ '_' ~ amount ~ '_rate') %}
    {%- endfor %}
{%- endfor %}

with

{% if is_incremental() %}
    outdated as (
        {{ outdated_conversions() | indent(8) }}
    ),

{% endif %}
all_entries as (
    select *
    from {{ ref('int_commissions__entries') }}
),

entries as (
    select all_entries.*
    from all_entries
    {% if is_incremental() %}
        inner join outdated on all_entries.commission_key = outdated.commission_key
    {% endif %}
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

converted as (
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
        dated.line_number,
        dated.entry_state
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
),

final as (
    select
        commission_key,
        currency_code,
        place,
        feed,
        change_type,
        network_status,
        status,
        previous_status,
        reason,
        reporting_currency_code,
        client_currency_code,
        {% for amount in commission_amounts() %}
            {{ amount }}_amount,
            {{ amount }}_level,
            {% for target in targets %}
                {{ target }}_{{ amount }}_rate,
                {{ target }}_{{ amount }}_amount,
            {% endfor %}
        {% endfor %}
        is_present_currency,
        occurred_at,
        recorded_at,
        pulled_at,
        file_id,
        line_number,
        {{ dimension_key(says) }} as converted_state
    from converted
)

select * from final
