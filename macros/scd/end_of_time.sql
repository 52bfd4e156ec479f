{#- Where the last version of a record ends (intervals are half-open, so no time reaches it). -#}
{% macro end_of_time() -%} cast('9999-12-31 00:00:00' as timestamp) {%- endmacro %}
