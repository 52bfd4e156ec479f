{#- Guards the one verdict of a click: with two rules of one priority at one time, which of them is named would
    depend on the engine. Returns the pairs. -#}
{% test priorities_are_unique(model) %}
    select
        earlier.rule_id,
        later.rule_id as other_rule_id,
        earlier.priority
    from {{ model }} as earlier
    inner join {{ model }} as later
        on
            earlier.priority = later.priority
            and earlier.rule_id < later.rule_id
            and earlier.valid_from < later.valid_to
            and earlier.valid_to > later.valid_from
{% endtest %}
