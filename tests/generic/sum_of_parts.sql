{#- A total against the sum of its parts, to half of the currency's smallest unit. Only where parts are given, and
    were reported in the currency of the total: of converted parts, each was rounded by itself. -#}
{% test sum_of_parts(model, whole, parts, currency_code, parts_currency_code) %}
    select
        totals.{{ whole }},
        totals.{{ parts }},
        totals.{{ currency_code }},
        totals.file_id,
        totals.line_number
    from {{ model }} as totals
    left join {{ ref('currencies') }} as currencies
        on totals.{{ currency_code }} = currencies.currency_code
    where
        totals.{{ parts }} is not null
        and coalesce(totals.{{ parts_currency_code }}, totals.{{ currency_code }}) = totals.{{ currency_code }}
        and (
            totals.{{ whole }} is null
            or abs(totals.{{ whole }} - totals.{{ parts }})
            >= cast(0.5 as numeric(18, 6)) / power(10, coalesce(currencies.minor_units, 2))
        )
{% endtest %}
