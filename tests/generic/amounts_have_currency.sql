{% test amounts_have_currency(model) %}
    select
        feed,
        file_id,
        line_number
    from {{ model }}
    where
        currency_code is null
        and (
            {%- for amount in commission_amounts() %}
            {{ 'or ' if not loop.first }}coalesce({{ amount }}_amount, 0) != 0
            {%- endfor %}
        )
{% endtest %}
