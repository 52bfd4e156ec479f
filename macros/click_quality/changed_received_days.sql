{#- The reporting days of which the current model saw other clicks or copies than there are now. -#}
{% macro changed_received_days() -%}
    {%- set fingerprint = ['date_key', 'records', 'click_ids', 'lines', 'copied_lines'] -%}
    {%- set days -%}
        select {{ fingerprint | join(', ') }} from {{ ref('int_clicks__received_days') }}
        except
        select {{ fingerprint | join(', ') }} from {{ remembered('int_clicks__received_days') }}
    {%- endset -%}
    {{ return(first_column('select date_key from (' ~ days ~ ') as changed_days')) }}
{%- endmacro %}
