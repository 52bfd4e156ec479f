{#- Post-hook of int_sessions__events: an event that was received by replaced files only goes. The day that it was on has other events
    now than those that were divided. By key and day: what moved to another day has been divided there by now. -#}
{% macro forget_gone_events() -%}
    {%- set days = changed_days('int_sessions__received') if is_incremental() else [] -%}
    {%- if days -%}
        {%- set gone -%}
            {{ in_list('date_key', days) }} and event_key in (
                select assigned.event_key
                from (
                    select event_key, date_key from {{ this }} where {{ in_list('date_key', days) }}
                ) as assigned
                left join (
                    select event_key, date_key
                    from {{ ref('int_sessions__received') }}
                    where copy_number = 1 and {{ in_list('date_key', days) }}
                ) as received
                    on assigned.event_key = received.event_key and assigned.date_key = received.date_key
                where received.event_key is null
            )
        {%- endset -%}
        {{ forget_rows(gone) }}
    {%- endif -%}
{%- endmacro %}
