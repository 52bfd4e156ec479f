{#- A statement that notes the days of a query as days on which the current model has other rows than before: as a row without
    numbers among the states of its days, until `keep_noted_days`. -#}
{% macro note_days(days) -%}
    insert into {{ day_states() }} (date_key)
    {{ days }}
{%- endmacro %}
