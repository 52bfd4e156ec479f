{#- Both sides are counted: payments whose commissions are not those of the ledger that name them. Where several accounts were
    paid under one code, they share it: their counts add up to no more than are in the ledger. -#}
{% test payments_count_commissions_once(model) %}
    with payments as (
        select
            networks.network_code,
            payments.payment_code,
            count(*) as payments,
            sum(payments.commissions) as commissions
        from {{ model }} as payments
        inner join {{ ref('dim_network') }} as networks
            on payments.network_key = networks.network_key
        group by networks.network_code, payments.payment_code
    ),

    commissions as (
        select
            network_code,
            payment_code,
            count(*) as commissions
        from {{ ref('fct_commissions') }}
        where payment_code is not null
        group by network_code, payment_code
    )

    select
        payments.network_code,
        payments.payment_code,
        payments.commissions,
        commissions.commissions as in_the_ledger
    from payments
    left join commissions
        on
            payments.network_code = commissions.network_code
            and payments.payment_code = commissions.payment_code
    where
        payments.commissions > coalesce(commissions.commissions, 0)
        or (payments.payments = 1 and payments.commissions != coalesce(commissions.commissions, 0))
{% endtest %}
