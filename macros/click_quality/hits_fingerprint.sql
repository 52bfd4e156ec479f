{#- Columns that say whether two sets of hits of a day are the same: their number, and a sum of a hash of each. -#}
{% macro hits_fingerprint() -%}
    count(*) as hits,
    sum(mod({{ dimension_key(
        ['click_id', 'rule_id', 'version', 'severity', 'priority'], plain=['click_id', 'version', 'priority']
    ) }}, 1000000000000)) as hit_rules
{%- endmacro %}
