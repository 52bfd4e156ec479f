{#- The numbers from what our marts say (`ours`) to what the report's own definition gives of our records. The change from
    one to the next is the cause of its name. -#}
{% macro reconciliation_steps() -%}
    {{- return([
        'ours',
        'unmapped',
        'duplicates',
        'currency_level',
        'filters',
        'time_zone',
        'basis',
        'late_rows',
        'gross_or_net',
        'bonus',
    ]) -}}
{%- endmacro %}
