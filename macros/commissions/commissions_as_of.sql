{#- The commissions as they were known at a moment (an SQL timestamp, UTC): the ledger folded from the pulls that had been
    made by then, and from nothing else. -#}
{% macro commissions_as_of(moment) -%}
    {{ commission_states('(' ~ commission_entries(commission_observations(moment)) ~ ') as entries_by_then') }}
{%- endmacro %}
