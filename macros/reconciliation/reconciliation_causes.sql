{#- What explains a part of a difference, in the order in which it is found: the columns by_… of rec_network_daily. -#}
{% macro reconciliation_causes() -%}
    {{- return(reconciliation_steps()[1:] + ['fee', 'provisional']) -}}
{%- endmacro %}
