{#- Both ways: a record that is money and is no observation, and one that is none and became one. `records`: the staging
    models, each with the SQL condition `no_money` of those of its records that are no money. -#}
{% test holds_all_money_of(model, records) %}
    with delivered as (
        {%- for record in records %}
        select
            '{{ record.model }}' as delivered_in,
            file_id,
            line_number,
            coalesce({{ record.get('no_money', 'false') }}, false) as is_no_money
        from {{ ref(record.model) }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )

    select
        delivered.delivered_in,
        delivered.file_id,
        delivered.line_number,
        delivered.is_no_money
    from delivered
    left join {{ model }} as observed
        on delivered.file_id = observed.file_id and delivered.line_number = observed.line_number
    where delivered.is_no_money != (observed.file_id is null)
{% endtest %}
