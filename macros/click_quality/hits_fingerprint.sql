{#- Columns that say whether two sets of hits of a day are the same: their number, and a sum of a hash of each. -#}
{% macro hits_fingerprint() -%}
    count(*) as records,
    cast(sum(mod({{ dimension_key(
        ['click_id', 'rule_id', 'version', 'severity', 'priority'], plain=['click_id', 'version', 'priority']
    ) }}, 1000000000000)) as numeric(38, 0)) as hit_rules
{%- endmacro %}
