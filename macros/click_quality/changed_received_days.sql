{#- The reporting days of which the current model saw other clicks or copies than there are now; also those of which none is left. -#}
{% macro changed_received_days() -%}
    {%- set days = changed_rows('int_clicks__received_days', [
        'date_key', 'records', 'click_ids', 'lines', 'copied_lines',
    ]) -%}
    {{ return(first_column('select distinct date_key from (' ~ days ~ ') as changed_days')) }}
{%- endmacro %}
