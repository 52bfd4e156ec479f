{#- The reporting days (yyyymmdd) on which fct_clicks has other rows than those that the current model, which remembers the states of
    its days, was built from. -#}
{% macro changed_days_of_clicks() -%}
    {{ return(changed_days('fct_clicks')) }}
{%- endmacro %}
