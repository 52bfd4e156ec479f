{#- `amounts` names each amount with its converted one; the rows say how many found none, by currency and date. -#}
{% test every_amount_found_a_rate(model, amounts, currency, date) %}
    select
        {{ currency }},
        {{ date }},
        count(*) as without_rate
    from {{ model }}
    where
        {%- for amount, converted in amounts.items() %}
        {{ 'or ' if not loop.first }}({{ amount }} is not null and {{ converted }} is null)
        {%- endfor %}
    group by {{ currency }}, {{ date }}
{% endtest %}
