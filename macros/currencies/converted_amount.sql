{#- An amount in another currency, to six decimals; null where there is no rate: "a missing rate is an error in a
    test, never a silent null or 1.0". The generic test is every_amount_found_a_rate. -#}
{% macro converted_amount(amount, rate) -%}
    {#- One digit more than 18: of two numerics up to 18 DuckDB makes one that overflows from 100 on. -#}
    cast(
        cast({{ amount }} as numeric(19, 6)) * cast({{ rate }} as numeric(18, 10)) as numeric(18, 6)
    )
{%- endmacro %}
