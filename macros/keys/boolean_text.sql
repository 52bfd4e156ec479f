{#- The text of a boolean as a part of a key: Redshift cannot cast it to varchar. -#}
{% macro boolean_text(condition) -%}
    case when {{ condition }} then 'true' when not {{ condition }} then 'false' end
{%- endmacro %}
