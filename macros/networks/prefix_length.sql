{#- The number after the slash of a network, as an integer; null where there is none. -#}
{% macro prefix_length(network) -%}
    cast(nullif(split_part({{ network }}, '/', 2), '') as integer)
{%- endmacro %}
