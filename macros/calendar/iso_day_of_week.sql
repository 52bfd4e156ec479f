{#- The ISO day of the week (1 Monday to 7 Sunday) of a day number; 1970-01-01 (day 0) was a Thursday. -#}
{% macro iso_day_of_week(epoch_day) -%}
    ({{ epoch_day }} + 4 - 7 * {{ int_div(epoch_day ~ ' + 3', 7) }})
{%- endmacro %}
