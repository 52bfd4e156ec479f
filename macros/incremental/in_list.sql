{#- `column in (1, 2)` for a list of integers, and a condition that no row meets for an empty one. A list in two halves is what
    DuckDB compares while it scans; of a whole one it reads every column of every row, and joins the list with them. Many
    values it joins faster. -#}
{% macro in_list(column, values) -%}
    {%- if not values -%}
        1 = 0
    {%- elif target.type == 'duckdb' and 1 < values | length <= 50 -%}
        {%- set half = (values | length + 1) // 2 -%}
        {#- Of two values the second half is the first one the other way round: two comparisons would be made a list again. -#}
        {%- set halves = [values[:half], values[half:]] if values | length > 2 else [values, values[::-1]] -%}
        (
            {{- column }} in ({{ halves[0] | join(', ') }})
            or {{ column }} in ({{ halves[1] | join(', ') }}))
    {%- else -%}
        {{ column }} in ({{ values | join(', ') }})
    {%- endif -%}
{%- endmacro %}
