{#- Guards the explanation of a click: its class must be what the rule that it names says, in that rule's version. -#}
{% test class_is_the_verdict(model, qualities) %}
    select
        clicks.click_id,
        clicks.click_class,
        qualities.verdict
    from {{ model }} as clicks
    inner join {{ qualities }} as qualities
        on clicks.click_quality_key = qualities.click_quality_key
    where
        clicks.click_class != qualities.verdict
        or clicks.rule_version != qualities.rule_version
{% endtest %}
