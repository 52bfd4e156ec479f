{#- Guards the promise that every fact row finds a member: without the row -1 an inner join on the dimension
    silently drops the facts whose id is unknown. Returns a row when the member is missing or doubled. -#}
{% test has_unknown_member(model, key) %}
    select count(*) as unknown_members
    from {{ model }}
    where {{ key }} = -1
    having count(*) != 1
{% endtest %}
