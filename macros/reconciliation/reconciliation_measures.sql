{#- What a network reports of a day, as its columns are called. -#}
{% macro reconciliation_measures() -%}
    {{- return(['sales', 'sale_amount', 'commission_amount', 'network_fee_amount']) -}}
{%- endmacro %}
