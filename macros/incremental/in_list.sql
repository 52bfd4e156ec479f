{#- `column in (1, 2)` for a list of integers, and a condition that no row meets for an empty one. -#}
{% macro in_list(column, values) -%}
    {%- if values -%}
        {{ column }} in ({{ values | join(', ') }})
    {%- else -%}
        1 = 0
    {%- endif -%}
{%- endmacro %}
