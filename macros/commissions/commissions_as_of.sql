{#- The commissions as they were known at a moment (an SQL timestamp, UTC): what the ledger is when it is folded from the pulls
    that had been made by then, and from nothing else. -#}
{% macro commissions_as_of(moment) -%}
    {{ commission_states_then('known.pulled_at <= ' ~ moment) }}
{%- endmacro %}
