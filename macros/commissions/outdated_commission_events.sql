{#- The commissions (a query of their commission_key) whose changes fct_commission_events has to list again: their entries, or who is in
    them, are not what it was built from. All, where a currency is another. -#}
{% macro outdated_commission_events() -%}
    {%- if has_changed('dim_currency', ['currency_key', 'currency_code']) -%}
        select commission_key from {{ this }}
        union
        select commission_key from {{ ref('int_commissions__converted') }}
    {%- else -%}
        select commission_key
        from ({{ changed_rows('int_commissions__converted', ['commission_key', 'converted_state']) }}) as changed_entries
        union
        select commission_key
        from ({{ changed_rows('fct_commissions', ['commission_key'] + commission_roles()) }}) as changed_roles
    {%- endif -%}
{%- endmacro %}
