{#- Guards a decision against being forgotten: rules of a seed that was edited for a time whose clicks are judged
    do not judge before `make rejudge`. Returns the versions in which the two differ. -#}
{% test rules_are_in_force(model, seed, columns) %}
    (
        select {{ columns | join(', ') }} from {{ seed }}
        except
        select {{ columns | join(', ') }} from {{ model }}
    )
    union all
    (
        select {{ columns | join(', ') }} from {{ model }}
        except
        select {{ columns | join(', ') }} from {{ seed }}
    )
{% endtest %}
