{#- The columns in which a change of a commission says the same as the commission: who is in it, and when it occurred. -#}
{% macro commission_roles() -%}
    {{ return([
        'advertiser_key', 'partner_key', 'program_key', 'campaign_key', 'channel_key',
        'advertiser_current_key', 'partner_current_key', 'program_current_key',
        'campaign_current_key', 'channel_current_key', 'network_key', 'network_code',
        'country_key', 'date_key', 'occurred_date',
    ]) }}
{%- endmacro %}
