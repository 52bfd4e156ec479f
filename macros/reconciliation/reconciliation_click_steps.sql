{#- The steps that change the number of clicks, and which clicks of a report's network and members each counts: on our days, then on
    those of the report's time zone. The other steps change none. -#}
{% macro reconciliation_click_steps() -%}
    {%- set is_counted -%}
        click_class = 'unique'
        or (click_class = 'duplicate' and counted_clicks in ('valid', 'gross'))
        or (click_class = 'invalid' and counted_clicks = 'gross')
    {%- endset -%}
    {{- return({
        'own_date': {
            'ours': "click_class = 'unique' and is_mapped",
            'unmapped': "click_class = 'unique'",
            'duplicates': "click_class != 'invalid' and (" ~ is_counted ~ ")",
            'filters': is_counted,
        },
        'zone_date': {
            'time_zone': is_counted,
            'late_rows': "is_in_time and (" ~ is_counted ~ ")",
        },
    }) -}}
{%- endmacro %}
