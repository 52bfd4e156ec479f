{#- `parts` is the condition for the rows of the model that are parts. A whole without parts, and parts of nothing, fail. -#}
{% test parts_sum_to_the_whole(model, whole, key, amount, whole_amount, parts) %}
    with parts as (
        select
            {{ key }},
            sum({{ amount }}) as amount
        from {{ model }}
        where {{ parts }}
        group by {{ key }}
    )

    select
        wholes.{{ key }},
        parts.{{ key }} as key_of_parts,
        wholes.{{ whole_amount }} as whole_amount,
        parts.amount as amount_of_parts
    from {{ whole }} as wholes
    full join parts on wholes.{{ key }} = parts.{{ key }}
    where
        wholes.{{ key }} is null
        or parts.{{ key }} is null
        or wholes.{{ whole_amount }} != parts.amount
{% endtest %}
