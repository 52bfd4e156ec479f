{#- A file that is delivered again repeats its rows, and only one copy of each counts: then they may not differ. -#}
{% test copies_are_equal(model, key, columns) %}
    select {{ key }}
    from (
        select distinct
            {{ key }},
            {{ columns | join(', ') }}
        from {{ model }}
    ) as different
    group by {{ key }}
    having count(*) > 1
{% endtest %}
