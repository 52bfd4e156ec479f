{%- set roles = commission_roles() -%}

{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='commission_key',
        on_schema_change='fail',
        pre_hook="{{ forget_outdated('commission_key', outdated_commission_events) }}",
        post_hook=[
            "{{ remember('int_commissions__converted', ['commission_key', 'converted_state']) }}",
            "{{ remember('fct_commissions', ['commission_key'] + commission_roles()) }}",
            "{{ remember('dim_currency', ['currency_key', 'currency_code']) }}",
        ],
        dist='commission_key',
        sort=['recorded_date_key'],
        indexes=[{'columns': ['commission_key']}, {'columns': ['recorded_date_key']}],
    )
}}

with

entries as (
    select *
    from {{ ref('int_commissions__converted') }}
    {% if is_incremental() %}
        where commission_key in (select outdated.commission_key from {{ outdated_keys() }} as outdated)
    {% endif %}
),

commissions as (
    select
        commission_key,
        {{ roles | join(',\n        ') }}
    from {{ ref('fct_commissions') }}
),

currencies as (
    select
        currency_key,
        currency_code
    from {{ ref('dim_currency') }}
),

final as (
    select
        {{ dimension_key(
            ['entries.commission_key', 'entries.feed', 'entries.file_id', 'entries.line_number']
            + ['entries.currency_code'],
            plain=['entries.commission_key', 'entries.file_id', 'entries.line_number'],
        ) }} as commission_event_key,
        entries.commission_key,
        commissions.date_key,
        {{ reporting_date_key('entries.recorded_at') }} as recorded_date_key,
        {% for role in roles if role not in ('network_code', 'date_key', 'occurred_date') %}
            commissions.{{ role }},
        {% endfor %}
        coalesce(currencies.currency_key, -1) as currency_key,
        {{ dimension_key([
            'commissions.network_code', 'entries.network_status', 'entries.status'
        ]) }} as commission_status_key,
        commissions.network_code,
        entries.feed,
        entries.change_type,
        entries.status,
        entries.previous_status,
        entries.reason,
        entries.currency_code,
        entries.reporting_currency_code,
        entries.client_currency_code,
        {% for amount in commission_amounts() %}
            entries.{{ amount }}_amount,
            entries.reporting_{{ amount }}_amount,
            entries.client_{{ amount }}_amount,
        {% endfor %}
        entries.place as event_number,
        entries.file_id,
        entries.line_number,
        commissions.occurred_date,
        cast({{ reporting_timestamp('entries.recorded_at') }} as date) as recorded_date,
        entries.occurred_at,
        entries.recorded_at,
        entries.pulled_at
    from entries
    inner join commissions on entries.commission_key = commissions.commission_key
    left join currencies on entries.currency_code = currencies.currency_code
)

select * from final
