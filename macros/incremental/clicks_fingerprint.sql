{#- Columns that say whether two sets of rows of fct_clicks of a day are the same: which records they are, their verdicts, and sums that
    pair each click with its keys. What else a row says follows from its record. -#}
{% macro clicks_fingerprint() -%}
    {%- set members = ['advertiser', 'partner', 'program', 'campaign', 'channel'] -%}
    {%- set keys = [] -%}
    {%- set current_keys = [] -%}
    {%- for member in members -%}
        {%- do keys.append(member ~ '_key') -%}
        {%- do current_keys.append(member ~ '_current_key') -%}
    {%- endfor -%}
    {{ day_fingerprint() }},
    {{ verdicts_fingerprint() }},
    {%- for name, columns in {
        'members': keys + ['creative_key', 'device_key', 'country_key', 'network_key'],
        'current_members': current_keys,
    }.items() %}
    cast(
        sum(mod(click_id, 1000003) * mod({{ keys_fingerprint(columns) }}, 1000003)) as numeric(38, 0)
    ) as {{ name }}
    {{- ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
