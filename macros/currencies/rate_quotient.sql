{#- The quotient of two rates, rounded half up to ten decimals, the same on every engine. Division of numerics is
    not (DuckDB divides doubles, the others keep different numbers of digits), nor is the cast of a double to a
    numeric (PostgreSQL looks at fifteen digits). So the last step that doubles do is to make a whole number. -#}
{% macro rate_quotient(numerator, denominator) -%}
    cast(
        cast(
            cast(
                floor(
                    cast({{ numerator }} as double precision)
                    / cast({{ denominator }} as double precision)
                    * cast(10000000000 as double precision)
                    + cast(0.5 as double precision)
                ) as bigint
            ) as numeric(19, 0)
        ) * cast(0.0000000001 as numeric(11, 10)) as numeric(18, 10)
    )
{%- endmacro %}
