{#- A number below 10^12 that differs when the record of an event does, or the day of its first delivery. It does not hold
    the visitor and the channel, which are compared apart. -#}
{% macro event_state() -%}
    mod(
        {{ keys_fingerprint([
            'event_key',
            'file_id',
            'line_number',
            reporting_date_key('first_delivered_at'),
        ]) }},
        1000000000000
    )
{%- endmacro %}
