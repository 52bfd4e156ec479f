{% test cost_has_currency(model) %}
    select cost_amount
    from {{ model }}
    where cost_amount is not null and currency_code is null
{% endtest %}
