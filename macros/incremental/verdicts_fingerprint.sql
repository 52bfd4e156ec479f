{#- Columns that say whether two sets of clicks of a day have the same verdicts: a sum that pairs each click with
    its rule, and one over the suspect clicks. -#}
{% macro verdicts_fingerprint() -%}
    sum(mod(click_id, 1000003) * mod(click_quality_key, 1000003)) as verdicts,
    sum(case when is_suspect then mod(click_id, 1000003) else 0 end) as suspects
{%- endmacro %}
