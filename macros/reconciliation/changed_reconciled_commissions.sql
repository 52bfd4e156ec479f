{#- The commissions (a query of their commission_key) of which int_reconciliation__commissions has other rows than the current model
    saw; all of them where the words of feeds mean something else now. -#}
{% macro changed_reconciled_commissions() -%}
    {%- if ledger_words_have_changed() -%}
        select commission_key from {{ this }}
        union
        select commission_key from {{ ref('int_reconciliation__commissions') }}
    {%- else -%}
        select commission_key
        from ({{ changed_rows('int_reconciliation__commissions', [
            'report_key', 'commission_key', 'row_state',
        ]) }}) as changed_commissions
    {%- endif -%}
{%- endmacro %}
