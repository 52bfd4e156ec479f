{#- Post-hook of int_sessions__events: an event that was received by replaced files only goes. All that is
    received is there by now, so that only a greater number of events can hold some that are gone. -#}
{% macro forget_gone_events() -%}
    {%- set received = ref('int_sessions__received') -%}
    {%- set counts = run_query(
        'select (select count(*) from ' ~ this ~ '),'
        ~ ' (select count(*) from ' ~ received ~ ' where copy_number = 1)'
    ) -%}
    {%- if execute and counts.rows[0][0] != counts.rows[0][1] -%}
        delete from {{ this }}
        where
            event_key not in (
                select event_key from {{ received }} where copy_number = 1
            )
    {%- endif -%}
{%- endmacro %}
