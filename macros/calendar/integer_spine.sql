{#- A query of the whole numbers 0 to count - 1 in a column `number`, by cross joins of the ten digits: neither
    generate_series nor a VALUES list reaches the compute nodes of Redshift. -#}
{% macro integer_spine(count) -%}
    {%- set places = (count - 1) | string | length -%}
    select
        cast(
            digits_0.digit
            {%- for place in range(1, places) %}
            + {{ 10 ** place }} * digits_{{ place }}.digit
            {%- endfor %} as integer
        ) as number
    from (
        {%- for digit in range(10) %}
        select {{ digit }} as digit{{ ' union all' if not loop.last }}
        {%- endfor %}
    ) as digits_0
    {%- for place in range(1, places) %}
    cross join (
        {%- for digit in range(10) %}
        select {{ digit }} as digit{{ ' union all' if not loop.last }}
        {%- endfor %}
    ) as digits_{{ place }}
    {%- endfor %}
    where
        digits_0.digit
        {%- for place in range(1, places) %}
        + {{ 10 ** place }} * digits_{{ place }}.digit
        {%- endfor %} < {{ count }}
{%- endmacro %}
