{#- The campaign of a click for the channel rules, never null, in lower case. -#}
{% macro channel_campaign() -%} coalesce(lower(utm_campaign), '(not set)') {%- endmacro %}
