{% test shares_sum_to_one(model, share, scope) %}
    select
        {{ scope | join(', ') }},
        sum({{ share }}) as share
    from {{ model }}
    group by {{ scope | join(', ') }}
    having coalesce(abs(sum({{ share }}) - 1), 1) > 1e-9
{% endtest %}
