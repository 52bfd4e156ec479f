{#- Post-hook of int_sessions__events: an event that was received by replaced files only goes. All that is
    received is there by now, so that only a greater number of events can hold some that are gone. -#}
{% macro forget_gone_events() -%}
    {%- set received -%}
        (select event_key from {{ ref('int_sessions__received') }} where copy_number = 1)
    {%- endset -%}
    {%- set sql -%}
        select (select count(*) from {{ this }}) - (select count(*) from {{ received }} as received)
    {%- endset -%}
    {%- if first_column(sql) | sum != 0 -%}
        delete from {{ this }} where event_key not in {{ received }}
    {%- endif -%}
{%- endmacro %}
