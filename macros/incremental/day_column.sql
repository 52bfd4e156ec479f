{#- The column by which the current model keeps the states of its days: `date_key`, or the one that its `meta` calls `day`. -#}
{% macro day_column() -%}
    {{ (config.get('meta') or {}).get('day', 'date_key') }}
{%- endmacro %}
