{#- A whole number 0 to 99 as text of two digits. -#}
{% macro two_digits(number) -%}
    lpad(cast({{ number }} as varchar(2)), 2, '0')
{%- endmacro %}
