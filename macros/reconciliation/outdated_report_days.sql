{#- The days of reports (a query of their report_day_key) whose clicks int_reconciliation__clicks has to count again: other clicks on
    the day or, for the report's time zone, on one beside it; or a report that counts them in another way, or no longer. -#}
{% macro outdated_report_days() -%}
    {#- Network, time zone and meaning of the figures are in the key. -#}
    {%- set columns = ['report_day_key', 'counted_clicks', 'members_state', 'clicks_until'] -%}
    select report_day_key
    from ({{ changed_rows('int_network_reports__clicked_days', columns) }}) as changed_days
    union
    select report_day_key
    from {{ ref('int_network_reports__clicked_days') }}
    where {{ in_list('date_key', days_around(changed_days('fct_clicks'), 1, 1)) }}
{%- endmacro %}
