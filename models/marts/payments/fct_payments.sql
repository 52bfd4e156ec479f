{{ config(dist='even', sort=['date_key'], indexes=[{'columns': ['date_key']}]) }}

with

payments as (
    select
        payment_key,
        network_code,
        account_code,
        payment_code,
        currency_code,
        {{ reporting_currency() }} as reporting_currency_code,
        amount,
        fee_amount,
        file_id,
        line_number,
        paid_date,
        period_from_date,
        period_to_date,
        count(*) over (partition by network_code, payment_code) as namesakes
    from {{ ref('int_payments__last_delivered') }}
),

commissions as (
    select
        network_code,
        payment_code,
        account_code,
        currency_code,
        net_commission_amount
    from {{ ref('fct_commissions') }}
    where payment_code is not null
),

-- Whom a network pays is a publisher.
accounts as (
    select
        network_account_key,
        network_code,
        account_id,
        valid_from,
        valid_to
    from {{ ref('int_master__network_account_versions') }}
    where side = 'publisher'
),

networks as (
    select
        network_key,
        network_code
    from {{ ref('dim_network') }}
),

currencies as (
    select
        currency_key,
        currency_code
    from {{ ref('dim_currency') }}
),

rates as (
    select
        date_day,
        from_currency,
        to_currency,
        rate
    from {{ ref('int_currencies__daily_rates') }}
),

-- A commission names its payment by network and code; its account may be the advertiser's own, so
-- it decides only where two accounts were paid under one code.
named as (
    select
        payments.payment_key,
        payments.currency_code,
        payments.reporting_currency_code,
        payments.paid_date,
        coalesce(commissions.currency_code, '') as commission_currency,
        count(*) as commissions,
        sum(commissions.net_commission_amount) as commission_amount
    from payments
    inner join commissions
        on
            payments.network_code = commissions.network_code
            and payments.payment_code = commissions.payment_code
            and (payments.namesakes = 1 or payments.account_code = commissions.account_code)
    group by
        payments.payment_key,
        payments.currency_code,
        payments.reporting_currency_code,
        payments.paid_date,
        coalesce(commissions.currency_code, '')
),

-- A network may pay in one currency what was earned in others: both have a rate to the reporting
-- currency, so that one over the other is the rate between them.
named_in_currency_of_payment as (
    select
        named.payment_key,
        named.commissions,
        case
            when named.commission_currency = named.currency_code or named.commission_amount = 0
                then cast(named.commission_amount as numeric(18, 6))
            else {{ converted_amount(
                'named.commission_amount', rate_quotient('from_rates.rate', 'to_rates.rate')
            ) }}
        end as commission_amount
    from named
    left join rates as from_rates
        on
            named.paid_date = from_rates.date_day
            and named.commission_currency = from_rates.from_currency
            and named.reporting_currency_code = from_rates.to_currency
    left join rates as to_rates
        on
            named.paid_date = to_rates.date_day
            and named.currency_code = to_rates.from_currency
            and named.reporting_currency_code = to_rates.to_currency
),

explained as (
    select
        payment_key,
        sum(commissions) as commissions,
        -- A sum leaves out what has no rate; this must not.
        case
            when count(*) = count(commission_amount) then sum(commission_amount)
        end as commission_amount
    from named_in_currency_of_payment
    group by payment_key
),

final as (
    select
        payments.payment_key,
        {{ date_key('payments.paid_date') }} as date_key,
        coalesce(networks.network_key, -1) as network_key,
        coalesce(accounts.network_account_key, -1) as network_account_key,
        coalesce(currencies.currency_key, -1) as currency_key,
        cast(payments.account_code as varchar(128)) as account_code,
        cast(payments.payment_code as varchar(128)) as payment_code,
        cast(payments.currency_code as varchar(3)) as currency_code,
        payments.reporting_currency_code,
        cast(coalesce(explained.commissions, 0) as integer) as commissions,
        cast(payments.amount as numeric(18, 6)) as paid_amount,
        cast(payments.fee_amount as numeric(18, 6)) as fee_amount,
        cast(
            case
                when explained.payment_key is null then 0
                else explained.commission_amount
            end as numeric(18, 6)
        ) as commission_amount,
        cast(
            payments.amount + coalesce(payments.fee_amount, 0)
            - case
                when explained.payment_key is null then 0
                else explained.commission_amount
            end as numeric(18, 6)
        ) as unexplained_amount,
        {{ converted_amount('payments.amount', 'rates.rate') }} as reporting_paid_amount,
        {{ converted_amount('payments.fee_amount', 'rates.rate') }} as reporting_fee_amount,
        payments.file_id,
        payments.line_number,
        payments.paid_date,
        payments.period_from_date,
        payments.period_to_date
    from payments
    left join explained on payments.payment_key = explained.payment_key
    left join networks on payments.network_code = networks.network_code
    left join accounts
        on
            payments.network_code = accounts.network_code
            and payments.account_code = accounts.account_id
            and cast(payments.paid_date as timestamp) >= accounts.valid_from
            and cast(payments.paid_date as timestamp) < accounts.valid_to
    left join currencies on payments.currency_code = currencies.currency_code
    left join rates
        on
            payments.paid_date = rates.date_day
            and payments.currency_code = rates.from_currency
            and payments.reporting_currency_code = rates.to_currency
)

select * from final
