{#- A query of the whole numbers 0 to count - 1 in a column `number`, by cross joins of the ten digits: neither
    generate_series nor a VALUES list reaches the compute nodes of Redshift. -#}
{% macro integer_spine(count) -%}
    {%- set places = (count - 1) | string | length -%}
    {%- set number -%}
        digits_0.digit
        {%- for place in range(1, places) %} + {{ 10 ** place }} * digits_{{ place }}.digit{% endfor %}
    {%- endset -%}
    with digits as (
        {%- for digit in range(10) %}
        select {{ digit }} as digit{{ ' union all' if not loop.last }}
        {%- endfor %}
    )

    select cast({{ number }} as integer) as number
    from digits as digits_0
    {%- for place in range(1, places) %}
    cross join digits as digits_{{ place }}
    {%- endfor %}
    where {{ number }} < {{ count }}
{%- endmacro %}
