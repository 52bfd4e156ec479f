{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='commission_key',
        on_schema_change='fail',
        contract={'enforced': true},
        pre_hook="{{ forget_outdated('commission_key', outdated_reconciled_commissions) }}",
        post_hook=[
            "{{ remember('int_commissions__entries', ['commission_key', 'entry_state']) }}",
            "{{ remember('int_network_reports__compared') }}",
            "{{ remember('int_network_reports__days') }}",
            "{{ remember('int_members__versions') }}",
            "{{ remember('int_currencies__daily_rates') }}",
            "{{ remember('commission_feeds') }}",
        ],
        dist='commission_key',
        sort=['commission_key'],
        indexes=[{'columns': ['commission_key']}],
    )
}}

{%- set amounts = commission_amounts() %}
{%- set hashed = [
    'report_key', 'commission_key', 'observations_state', 'entries_state', 'time_zone', 'basis',
    'line_currency_code', 'currency_code', 'status', boolean_text('is_net'),
    boolean_text('has_bonus'), boolean_text('is_mapped'), boolean_text('is_under_account'),
    boolean_text('is_bonus'), boolean_text('has_fee'), boolean_text('is_provisional'), 'own_date',
    'zone_date', 'occurred_at', 'rate', 'report_pulled_at', 'sales_until',
] %}
{%- set sources = ['observed', 'attributes', 'states', 'entries'] %}
{%- set account_key = dimension_key(['network_code', 'side', 'account_code'], plain=['side']) %}

with

{% if is_incremental() %}
    outdated as (
        select *
        from {{ outdated_keys() }}
    ),

{% endif %}
lines as (
    select *
    from {{ ref('int_network_reports__compared') }}
),

days as (
    select
        report_key,
        date_day,
        sales_until,
        pulled_at
    from {{ ref('int_network_reports__days') }}
),

all_observed as (
    select
        commission_key,
        network_code,
        side,
        account_code,
        feed,
        network_fee_amount,
        coalesce(modified_at, pulled_at) as told_at
    from {{ ref('int_commissions__pulled') }}
),

feeds as (
    select
        feed,
        network_code,
        mode
    from {{ ref('commission_feeds') }}
),

all_attributes as (
    select
        commission_key,
        network_code,
        account_code,
        advertiser_source_id,
        observations_state,
        occurred_at
    from {{ ref('int_commissions__attributes') }}
),

all_states as (
    select *
    from {{ ref('int_commissions__states') }}
),

all_entries as (
    select *
    from {{ ref('int_commissions__entries') }}
),

advertiser_versions as (
    {{ member_versions('advertiser') | indent(4) }}
),

rates as (
    select
        date_day,
        from_currency,
        to_currency,
        rate
    from {{ ref('int_currencies__daily_rates') }}
),

-- Of all commissions, or of those of which something has changed.
{% for source in sources %}
    {{ source }} as (
        select all_{{ source }}.*
        from all_{{ source }}
        {% if is_incremental() %}
            inner join outdated on all_{{ source }}.commission_key = outdated.commission_key
        {% endif %}
    ),

{% endfor %}
compared_reports as (
    {{ compared_reports('lines') | indent(4) }}
),

-- One key of the three: PostgreSQL thinks that hardly a row has all three of another, and would
-- then compare each commission with each.
reports as (
    select
        *,
        {{ account_key }} as account_key
    from compared_reports
),

accounts as (
    select distinct
        commission_key,
        {{ account_key }} as account_key
    from observed
),

accounting_feeds as (
    select distinct network_code
    from feeds
    where mode = 'final'
),

told as (
    select
        observed.commission_key,
        max(case when observed.network_fee_amount is not null then 1 else 0 end) as fee_is_told,
        max(case when feeds.mode = 'final' then observed.told_at end) as accounted_at,
        max(observed.told_at) as told_at
    from observed
    inner join feeds on observed.feed = feeds.feed
    group by observed.commission_key
),

kept as (
    {{ amounts_before_reversal('entries') | indent(4) }}
),

sold as (
    select
        commission_key,
        max(case when sale_level != 0 then 1 else 0 end) as had_a_sale,
        sum(mod(entry_state, 1000000000000)) as entries_state
    from entries
    group by commission_key
),

owned as (
    select
        reports.report_key,
        reports.time_zone,
        reports.basis,
        reports.is_net,
        reports.has_bonus,
        attributes.commission_key,
        attributes.observations_state,
        sold.entries_state,
        case
            when reports.names_advertisers = 1 then coalesce(attributes.advertiser_source_id, '')
            else ''
        end as line_advertiser_id,
        coalesce(reports.account_currency, states.currency_code, '') as line_currency_code,
        coalesce(states.currency_code, '') as currency_code,
        states.status,
        {% for amount in amounts %}
            states.{{ amount }}_amount,
            kept.kept_{{ amount }}_amount,
        {% endfor %}
        -- Who reads an advertiser's numbers does not find those of an id that is mapped to none.
        reports.names_advertisers = 0 or coalesce(advertiser_versions.is_mapped, false)
            as is_mapped,
        coalesce(attributes.account_code = reports.account_code, false) as is_under_account,
        sold.had_a_sale = 0 as is_bonus,
        told.fee_is_told = 1 as has_fee,
        -- The accounting feed has not told of it, or not of the last that others have told.
        accounting_feeds.network_code is not null
        and (told.accounted_at is null or told.accounted_at < told.told_at) as is_provisional,
        cast({{ reporting_timestamp('attributes.occurred_at') }} as date) as own_date,
        cast({{ zone_timestamp('attributes.occurred_at', 'reports.time_zone') }} as date)
            as zone_date,
        attributes.occurred_at
    from reports
    inner join accounts on reports.account_key = accounts.account_key
    inner join attributes on accounts.commission_key = attributes.commission_key
    inner join states on accounts.commission_key = states.commission_key
    inner join kept on accounts.commission_key = kept.commission_key
    inner join sold on accounts.commission_key = sold.commission_key
    inner join told on accounts.commission_key = told.commission_key
    left join accounting_feeds on reports.network_code = accounting_feeds.network_code
    left join advertiser_versions
        on
            {{ is_version_at('attributes', 'advertiser', 'attributes.occurred_at') | indent(12) }}
),

compared as (
    select
        owned.report_key,
        owned.commission_key,
        cast(owned.time_zone as varchar(63)) as time_zone,
        cast(owned.basis as varchar(10)) as basis,
        cast(owned.line_advertiser_id as varchar(128)) as line_advertiser_id,
        cast(owned.line_currency_code as varchar(3)) as line_currency_code,
        cast(owned.currency_code as varchar(3)) as currency_code,
        cast(owned.status as varchar(10)) as status,
        {% for amount in amounts %}
            cast(owned.{{ amount }}_amount as numeric(18, 6)) as {{ amount }}_amount,
            cast(owned.kept_{{ amount }}_amount as numeric(18, 6)) as kept_{{ amount }}_amount,
        {% endfor %}
        owned.is_net,
        owned.has_bonus,
        owned.is_mapped,
        owned.is_under_account,
        owned.is_bonus,
        owned.has_fee,
        owned.is_provisional,
        owned.own_date,
        owned.zone_date,
        owned.occurred_at,
        owned.observations_state,
        cast(owned.entries_state as numeric(38, 0)) as entries_state,
        cast(
            case
                when owned.currency_code = owned.line_currency_code then 1
                else rates.rate
            end as numeric(18, 10)
        ) as rate,
        coalesce(lines.pulled_at, days.pulled_at) as report_pulled_at,
        coalesce(lines.sales_until, days.sales_until) as sales_until
    from owned
    left join rates
        on
            owned.own_date = rates.date_day
            and owned.currency_code = rates.from_currency
            and owned.line_currency_code = rates.to_currency
    left join lines
        on
            owned.report_key = lines.report_key
            and owned.zone_date = lines.reported_date
            and owned.line_advertiser_id = lines.advertiser_source_id
            and owned.line_currency_code = lines.currency_code
    left join days
        on
            owned.report_key = days.report_key
            and owned.zone_date = days.date_day
),

final as (
    select
        *,
        -- What is built on these rows compares it: another when anything in the row is.
        {{ dimension_key(hashed + ['line_advertiser_id'], plain=hashed) }} as row_state
    from compared
)

select * from final
