{#- Without a moment given: the start of the month of the last pull, not of today. -#}
{%- set last_month =
    "(select date_trunc('month', max(made.pulled_at)) from (select pulled_at from "
    ~ ref('int_commissions__entries') ~ ") as made)"
-%}
{%- set given = "cast('" ~ var('commissions_as_of') ~ "' as timestamp)" -%}
{%- set moment = given if var('commissions_as_of') else last_month -%}

{{ config(dist='commission_key', sort=['commission_key']) }}

with

states as (
    {{ commissions_as_of(moment) | indent(4) }}
),

commissions as (
    select
        commission_key,
        date_key,
        advertiser_key,
        partner_key,
        network_key,
        network_code,
        occurred_date
    from {{ ref('fct_commissions') }}
),

final as (
    select
        states.commission_key,
        commissions.date_key,
        commissions.advertiser_key,
        commissions.partner_key,
        commissions.network_key,
        commissions.network_code,
        states.status,
        states.currency_code,
        {% for amount in commission_amounts() %}
            states.{{ amount }}_amount,
            states.gross_{{ amount }}_amount,
            states.net_{{ amount }}_amount,
        {% endfor %}
        commissions.occurred_date,
        states.paid_at,
        states.last_recorded_at,
        cast({{ moment }} as timestamp) as as_of_at
    from states
    inner join commissions on states.commission_key = commissions.commission_key
)

select * from final
