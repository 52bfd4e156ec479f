{#- A number below 10^12 that differs when anything does that a session takes from an event: its record, the
    day of its first delivery, its channel. It does not hold the visitor, who is compared apart. -#}
{% macro event_state() -%}
    mod(
        {{ keys_fingerprint([
            'event_key',
            'file_id',
            'line_number',
            reporting_date_key('first_delivered_at'),
            'coalesce(channel_current_key, -1)',
        ]) }},
        1000000000000
    )
{%- endmacro %}
