{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='commission_key',
        on_schema_change='fail',
        contract={'enforced': true},
        pre_hook="{{ forget_outdated('commission_key', outdated_records) }}",
        post_hook=[
            "{{ remember('int_reconciliation__commissions', [
                'report_key', 'commission_key', 'row_state',
            ]) }}",
            "{{ remember('int_network_reports__days') }}",
            "{{ remember('int_currencies__daily_rates') }}",
            "{{ remember('commission_feeds') }}",
            "{{ remember('commission_statuses') }}",
        ],
        dist='commission_key',
        sort=['commission_key'],
        indexes=[{'columns': ['commission_key']}],
    )
}}

-- depends_on: {{ ref('commission_statuses') }}

{%- set amounts = commission_amounts() %}
{%- set hashed = [
    'report_key', 'commission_key', 'line_currency_code', 'status', 'currency_code',
    'sale_amount', 'commission_amount', 'network_fee_amount', boolean_text('is_net'),
    boolean_text('has_bonus'), boolean_text('is_bonus'), boolean_text('has_fee'),
    boolean_text('is_provisional'), boolean_text('is_correction'), boolean_text('is_reversal'),
    'posted_date', 'posted_at', 'rate', 'report_pulled_at', boolean_text('is_in_time'),
] %}

with

{% if is_incremental() %}
    outdated as (
        select *
        from {{ outdated_keys() }}
    ),

{% endif %}
all_compared as (
    select
        report_key,
        commission_key,
        line_advertiser_id,
        line_currency_code,
        status,
        time_zone,
        is_net,
        has_bonus,
        is_bonus,
        has_fee,
        is_provisional
    from {{ ref('int_reconciliation__commissions') }}
    where basis = 'posted'
),

compared as (
    select all_compared.*
    from all_compared
    {% if is_incremental() %}
        inner join outdated on all_compared.commission_key = outdated.commission_key
    {% endif %}
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
        feed,
        record_code,
        coalesce(currency_code, '') as currency_code,
        {% for amount in amounts %}
            {{ amount }}_amount,
        {% endfor %}
        is_correction,
        -- "Posted" is when the network entered the record into its books.
        coalesce(posted_at, modified_at, occurred_at) as posted_at,
        pulled_at,
        file_id,
        line_number
    from {{ ref('int_commissions__pulled') }}
    where record_code is not null
),

observed as (
    select all_observed.*
    from all_observed
    {% if is_incremental() %}
        inner join outdated on all_observed.commission_key = outdated.commission_key
    {% endif %}
),

feeds as (
    select
        feed,
        mode
    from {{ ref('commission_feeds') }}
),

rates as (
    select
        date_day,
        from_currency,
        to_currency,
        rate
    from {{ ref('int_currencies__daily_rates') }}
),

in_mode as (
    select
        observed.*,
        max(case when feeds.mode = 'final' then 1 else 0 end) over (
            partition by observed.commission_key
        ) as is_accounted,
        {% for amount in amounts %}
            row_number() over (
                partition by
                    observed.commission_key,
                    observed.record_code,
                    case when observed.{{ amount }}_amount is null then 1 else 0 end
                order by
                    observed.pulled_at desc, observed.file_id desc, observed.line_number desc
            ) as {{ amount }}_delivery,
        {% endfor %}
        feeds.mode
    from observed
    inner join feeds on observed.feed = feeds.feed
),

records as (
    select
        commission_key,
        record_code,
        max(currency_code) as currency_code,
        {% for amount in amounts %}
            coalesce(
                max(case when {{ amount }}_delivery = 1 then {{ amount }}_amount end), 0
            ) as {{ amount }}_amount,
        {% endfor %}
        max(case when is_correction then 1 else 0 end) as is_correction,
        min(posted_at) as posted_at
    from in_mode
    -- The accounting feed replaces what others said.
    where mode = 'final' or is_accounted = 0
    group by commission_key, record_code
),

numbered as (
    select
        *,
        row_number() over (
            partition by commission_key
            order by posted_at desc, record_code desc
        ) as place_from_end
    from records
),

placed as (
    select
        compared.report_key,
        compared.commission_key,
        numbered.record_code,
        compared.line_advertiser_id,
        compared.line_currency_code,
        compared.status,
        numbered.currency_code,
        {% for amount in amounts %}
            numbered.{{ amount }}_amount,
        {% endfor %}
        compared.is_net,
        compared.has_bonus,
        compared.is_bonus,
        compared.has_fee,
        compared.is_provisional,
        numbered.is_correction = 1 as is_correction,
        -- What a report of gross sales does not take back.
        coalesce(
            numbered.is_correction = 1
            and numbered.place_from_end = 1
            and compared.status in ('reversed', 'deleted'),
            false
        ) as is_reversal,
        cast({{ zone_timestamp('numbered.posted_at', 'compared.time_zone') }} as date)
            as posted_date,
        numbered.posted_at
    from compared
    inner join numbered on compared.commission_key = numbered.commission_key
),

dated as (
    select
        placed.report_key,
        placed.commission_key,
        cast(placed.record_code as varchar(255)) as record_code,
        cast(placed.line_advertiser_id as varchar(128)) as line_advertiser_id,
        cast(placed.line_currency_code as varchar(3)) as line_currency_code,
        cast(placed.status as varchar(10)) as status,
        cast(placed.currency_code as varchar(3)) as currency_code,
        {% for amount in amounts %}
            cast(placed.{{ amount }}_amount as numeric(18, 6)) as {{ amount }}_amount,
        {% endfor %}
        placed.is_net,
        placed.has_bonus,
        placed.is_bonus,
        placed.has_fee,
        placed.is_provisional,
        placed.is_correction,
        placed.is_reversal,
        placed.posted_date,
        placed.posted_at,
        cast(
            case
                when placed.currency_code = placed.line_currency_code then 1
                else rates.rate
            end as numeric(18, 10)
        ) as rate,
        days.pulled_at as report_pulled_at,
        -- The report has it: the network had entered it before the report was pulled.
        coalesce(
            placed.posted_at <= days.pulled_at
            and (days.sales_until is null or placed.posted_at < days.sales_until),
            true
        ) as is_in_time
    from placed
    left join days
        on
            placed.report_key = days.report_key
            and placed.posted_date = days.date_day
    left join rates
        on
            placed.posted_date = rates.date_day
            and placed.currency_code = rates.from_currency
            and placed.line_currency_code = rates.to_currency
),

final as (
    select
        *,
        -- What is built on these rows compares it: another when anything in the row is.
        {{ dimension_key(hashed + ['record_code', 'line_advertiser_id'], plain=hashed) }}
            as row_state
    from dated
)

select * from final
