{#- Columns that say whether two sets of keyed clicks of a day are the same: `day_fingerprint`, and sums that pair each click with the
    key that it is counted under and with its rule. -#}
{% macro keyed_fingerprint() -%}
    {{ day_fingerprint() }},
    cast(
        sum(mod(click_id, 1000003) * mod(coalesce(uniqueness_key, 999), 1000003)) as numeric(38, 0)
    ) as uniqueness_keys,
    cast(sum(mod(click_id, 1000003) * mod(coalesce(rule_key, 999), 1000003)) as numeric(38, 0)) as rule_keys
{%- endmacro %}
