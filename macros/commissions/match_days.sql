{#- How many days before its sale a click may be that a commission is matched to without being named or timed, and one more for
    the time zone. -#}
{% macro match_days() -%}
    {{ return([var('match_window_days') | int, (var('match_window_minutes') | int + 1439) // 1440] | max + 1) }}
{%- endmacro %}
