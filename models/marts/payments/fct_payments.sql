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
        period_to_date
    from {{ ref('int_payments__last_delivered') }}
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

final as (
    select
        payments.payment_key,
        {{ date_key('payments.paid_date') }} as date_key,
        coalesce(networks.network_key, -1) as network_key,
        coalesce(currencies.currency_key, -1) as currency_key,
        cast(payments.account_code as varchar(128)) as account_code,
        cast(payments.payment_code as varchar(128)) as payment_code,
        cast(payments.currency_code as varchar(3)) as currency_code,
        payments.reporting_currency_code,
        cast(payments.amount as numeric(18, 6)) as paid_amount,
        cast(payments.fee_amount as numeric(18, 6)) as fee_amount,
        {{ converted_amount('payments.amount', 'rates.rate') }} as reporting_paid_amount,
        {{ converted_amount('payments.fee_amount', 'rates.rate') }} as reporting_fee_amount,
        payments.file_id,
        payments.line_number,
        payments.paid_date,
        payments.period_from_date,
        payments.period_to_date
    from payments
    left join networks on payments.network_code = networks.network_code
    left join currencies on payments.currency_code = currencies.currency_code
    left join rates
        on
            payments.paid_date = rates.date_day
            and payments.currency_code = rates.from_currency
            and payments.reporting_currency_code = rates.to_currency
)

select * from final
