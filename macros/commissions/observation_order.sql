{#- The order of the observations of a commission: the network's own time goes before that of the pull; the rest only makes
    it definite. `moment`: when it was so. -#}
{% macro observation_order(moment='coalesce(modified_at, pulled_at)') -%}
    {{ moment }}, pulled_at, feed, file_id, line_number
{%- endmacro %}
