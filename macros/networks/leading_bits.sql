{#- The number that the first `bits` of the `width` bits of a number are. Exact up to 53 bits: dividing by
    a power of two only moves the point of a double. -#}
{% macro leading_bits(number, width, bits) -%}
    cast(
        floor(
            cast({{ number }} as double precision)
            / power(cast(2 as double precision), {{ width }} - {{ bits }})
        ) as bigint
    )
{%- endmacro %}
