{#- The month 1 to 12 of a retail week 1 to 53. A quarter is three months of so many weeks each (4-5-4, 4-4-5 or
    5-4-4), four quarters make 52 weeks, and a 53rd week belongs to the last month. -#}
{% macro retail_month(week, weeks_of_months) -%}
    {%- if weeks_of_months | length != 3 or weeks_of_months | sum != 13 -%}
        {{ exceptions.raise_compiler_error(
            "retail_month: the three months of a quarter must have 13 weeks, not " ~ weeks_of_months
        ) }}
    {%- endif -%}
    {%- set last = namespace(week=0) -%}
    case
        {%- for weeks in (weeks_of_months * 4)[:11] %}
        {%- set last.week = last.week + weeks %}
        when {{ week }} <= {{ last.week }} then {{ loop.index }}
        {%- endfor %}
        when {{ week }} <= 53 then 12
    end
{%- endmacro %}
