{#- The reporting days (yyyymmdd) of int_visitors__daily_links that have to be built again: those of which other events are received than
    it was built from, and those whose landing pages may be of a click of such a day. -#}
{% macro outdated_link_days() -%}
    {{ return(days_around(changed_days('int_sessions__received'), 1, days_to_land())) }}
{%- endmacro %}
