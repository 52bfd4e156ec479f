{% test never_a_click_after_its_commission(model) %}
    select
        commission_key,
        clicked_at,
        occurred_at
    from {{ model }}
    where is_matched and clicked_at > occurred_at
{% endtest %}
