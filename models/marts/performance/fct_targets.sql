{{ config(dist='even', sort=['date_key'], indexes=[{'columns': ['date_key']}]) }}

with

versions as (
    select
        target_key,
        target_code,
        advertiser_code,
        channel_code,
        metric_name,
        currency_code,
        amount,
        starts_on as from_date,
        ends_on as to_date,
        valid_from,
        valid_to
    from {{ ref('int_master__target_versions') }}
    where is_active and not is_deleted and starts_on <= ends_on
),

currencies as (
    select
        currency_key,
        currency_code,
        minor_units
    from {{ ref('dim_currency') }}
),

calendar as (
    select date_day
    from {{ ref('int_calendar__days') }}
),

-- A version is divided over the whole of its period; of its days those count in which it holds.
parts as (
    {{ spread_over_days('versions', 'target_key') | indent(4) }}
),

clicks as (
    select clicked_date
    from {{ ref('fct_clicks') }}
),

commissions as (
    select occurred_date
    from {{ ref('fct_commissions') }}
),

last_days as (
    select max(clicked_date) as last_day
    from clicks
    union all
    select max(occurred_date) as last_day
    from commissions
),

known as (
    select
        case
            when max(last_day) > {{ reporting_today() }} then {{ reporting_today() }}
            else max(last_day)
        end as known_until
    from last_days
),

advertiser_versions as (
    select
        advertiser_key,
        advertiser_code,
        valid_from,
        valid_to
    from {{ ref('int_master__advertiser_versions') }}
),

channel_versions as (
    select
        channel_key,
        channel_code,
        valid_from,
        valid_to
    from {{ ref('int_master__channel_versions') }}
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
        versions.target_code,
        versions.advertiser_code,
        versions.channel_code,
        versions.metric_name,
        versions.currency_code,
        {{ reporting_currency() }} as reporting_currency_code,
        parts.amount,
        parts.incurred_date as target_date,
        cast(parts.incurred_date as timestamp) as begins_at,
        coalesce(parts.incurred_date <= known.known_until, false) as has_passed
    from parts
    inner join versions
        on
            parts.target_key = versions.target_key
            and cast(parts.incurred_date as timestamp) >= versions.valid_from
            and cast(parts.incurred_date as timestamp) < versions.valid_to
    cross join known
),

final as (
    select
        {{ dimension_key(['dated.target_code', 'dated.target_date']) }} as target_day_key,
        {{ date_key('dated.target_date') }} as date_key,
        coalesce(advertiser_versions.advertiser_key, -1) as advertiser_key,
        coalesce(channel_versions.channel_key, -1) as channel_key,
        coalesce(currencies.currency_key, -1) as currency_key,
        cast(dated.target_code as varchar(64)) as target_code,
        cast(dated.metric_name as varchar(100)) as metric_name,
        cast(dated.currency_code as varchar(3)) as currency_code,
        dated.reporting_currency_code,
        dated.amount as target_amount,
        cast(
            case
                when not dated.has_passed then null
                when dated.currency_code is null then dated.amount
                else {{ converted_amount('dated.amount', 'rates.rate') }}
            end as numeric(18, 6)
        ) as reporting_target_amount,
        dated.has_passed,
        dated.target_date
    from dated
    left join advertiser_versions
        on
            dated.advertiser_code = advertiser_versions.advertiser_code
            and dated.begins_at >= advertiser_versions.valid_from
            and dated.begins_at < advertiser_versions.valid_to
    left join channel_versions
        on
            dated.channel_code = channel_versions.channel_code
            and dated.begins_at >= channel_versions.valid_from
            and dated.begins_at < channel_versions.valid_to
    left join currencies on dated.currency_code = currencies.currency_code
    left join rates
        on
            dated.target_date = rates.date_day
            and dated.currency_code = rates.from_currency
            and dated.reporting_currency_code = rates.to_currency
)

select * from final
