{#- Post-hook of int_sessions__events: an event that was received by replaced files only goes. -#}
{% macro forget_gone_events() -%}
    delete from {{ this }}
    where
        event_key not in (
            select event_key from {{ ref('int_sessions__received') }} where copy_number = 1
        )
{%- endmacro %}
