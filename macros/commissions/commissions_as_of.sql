{#- The commissions as they were known at a moment (an SQL timestamp, UTC): the ledger folded from the pulls that had been
    made by then, and from nothing else. -#}
{% macro commissions_as_of(moment) -%}
    {%- set known -%}
        (select * from {{ ref('int_commissions__pulled') }} where pulled_at <= {{ moment }})
    {%- endset -%}
    {{ commission_states('(' ~ commission_entries(known) ~ ') as entries_by_then') }}
{%- endmacro %}
