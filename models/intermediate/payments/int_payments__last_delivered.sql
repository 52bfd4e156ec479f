with

payments as (
    select
        network_code,
        account_code,
        payment_code,
        currency_code,
        amount,
        fee_amount,
        paid_on,
        period_from,
        period_to,
        file_id,
        line_number,
        row_number() over (
            partition by network_code, account_code, payment_code
            order by
                coalesce(pulled_at, {{ beginning_of_time() }}) desc, file_id desc, line_number desc
        ) as copy_number
    from {{ ref('stg_payments__received') }}
),

final as (
    select
        {{ dimension_key(['network_code', 'account_code', 'payment_code']) }} as payment_key,
        network_code,
        account_code,
        payment_code,
        currency_code,
        cast(amount as numeric(18, 6)) as amount,
        cast(fee_amount as numeric(18, 6)) as fee_amount,
        file_id,
        line_number,
        paid_on as paid_date,
        period_from as period_from_date,
        period_to as period_to_date
    from payments
    where copy_number = 1
)

select * from final
