{#- Whole seconds from the second of one timestamp to the second of another: the engines' own differences
    round differently. -#}
{% macro seconds_between(earlier, later) -%}
    cast(
        extract(epoch from date_trunc('second', {{ later }}))
        - extract(epoch from date_trunc('second', {{ earlier }})) as integer
    )
{%- endmacro %}
