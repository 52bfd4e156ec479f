{#- The value of a parameter in a query, as sent (not percent-decoded): that of its first occurrence. -#}
{% macro query_parameter(query, name) -%}
    nullif(split_part(split_part('&' || {{ query }}, '&' || {{ name }} || '=', 2), '&', 1), '')
{%- endmacro %}
