{#- Columns that say whether two sets of clicks of a day have the same verdicts: a sum that pairs each click with
    its rule, and one over the suspect clicks. -#}
{% macro verdicts_fingerprint() -%}
    cast(sum(mod(click_id, 1000003) * mod(click_quality_key, 1000003)) as numeric(38, 0)) as verdicts,
    cast(sum(case when is_suspect then mod(click_id, 1000003) else 0 end) as numeric(38, 0)) as suspects
{%- endmacro %}
