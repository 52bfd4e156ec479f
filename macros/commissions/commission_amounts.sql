{#- The amounts that the ledger keeps of a commission, without their ending `_amount`. -#}
{% macro commission_amounts() -%}
    {{- return(['sale', 'commission', 'network_fee']) -}}
{%- endmacro %}
