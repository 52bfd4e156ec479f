{#- The days of what is paid for some time, each with its part of the amount. All parts are the same, cut to the minor
    unit of the currency, and the last day has the rest: they sum to the whole to the last digit.

    The CTEs `currencies` (currency_code, minor_units) and `calendar` (date_day) stand before it. -#}
{% macro spread_over_days(relation, key) -%}
    -- In millionths, as whole numbers: nothing is lost when they are divided.
    with counted as (
        select
            wholes.{{ key }},
            wholes.from_date,
            wholes.to_date,
            cast(wholes.to_date - wholes.from_date + 1 as integer) as days,
            cast(cast(wholes.amount as numeric(24, 6)) * 1000000 as bigint) as millionths,
            {{ minor_unit_millionths('currencies.minor_units') | indent(12) }} as minor_unit
        from {{ relation }} as wholes
        left join currencies on wholes.currency_code = currencies.currency_code
    ),

    divided as (
        select
            {{ key }},
            from_date,
            to_date,
            days,
            millionths,
            {{ bigint_div('millionths', 'days * minor_unit') }} * minor_unit as millionths_a_day
        from counted
    ),

    -- Most are of one day, which is found by itself: a range would be compared with every day.
    dated as (
        select
            divided.{{ key }},
            calendar.date_day,
            divided.millionths
        from divided
        inner join calendar on divided.from_date = calendar.date_day
        where divided.days = 1
        union all
        select
            divided.{{ key }},
            calendar.date_day,
            case
                when calendar.date_day = divided.to_date
                    then divided.millionths - (divided.days - 1) * divided.millionths_a_day
                else divided.millionths_a_day
            end as millionths
        from divided
        inner join calendar
            on
                divided.from_date <= calendar.date_day
                and divided.to_date >= calendar.date_day
        where divided.days > 1
    )

    select
        {{ key }},
        cast(
            cast(millionths as numeric(19, 0)) * cast(0.000001 as numeric(7, 6)) as numeric(18, 6)
        ) as amount,
        date_day as incurred_date
    from dated
{%- endmacro %}
