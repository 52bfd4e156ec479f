{#- A number below 10^12 that differs when the session of an event does, or what the session is made of. -#}
{% macro session_state() -%}
    mod(
        {{ keys_fingerprint([
            'session_key',
            'visitor_id',
            'event_state',
            'coalesce(channel_current_key, -1)',
            "case ended_by when 'inactivity' then 0 when 'campaign' then 1 else 2 end",
            dimension_key(['visitor_rule']),
        ]) }},
        1000000000000
    )
{%- endmacro %}
