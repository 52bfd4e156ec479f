{#- Both sides are counted: a commission without events, and events without their commission, are failures. -#}
{% test equals_sum_of_events(model) %}
    with sums as (
        select
            commission_key,
            coalesce(currency_code, '') as currency_code
            {%- for amount in commission_amounts() %},
            sum({{ amount }}_amount) as {{ amount }}_amount
            {%- endfor %}
        from {{ ref('fct_commission_events') }}
        group by commission_key, coalesce(currency_code, '')
    )

    select
        commissions.commission_key as in_commissions,
        sums.commission_key as in_events
    from {{ model }} as commissions
    full outer join sums
        on
            commissions.commission_key = sums.commission_key
            and coalesce(commissions.currency_code, '') = sums.currency_code
    where
        -- What left a currency leaves nothing in it.
        (
            commissions.commission_key is null
            and (
                {%- for amount in commission_amounts() %}
                {{ 'or ' if not loop.first }}sums.{{ amount }}_amount != 0
                {%- endfor %}
            )
        )
        or sums.commission_key is null
        {%- for amount in commission_amounts() %}
        or commissions.{{ amount }}_amount != sums.{{ amount }}_amount
        {%- endfor %}
{% endtest %}
