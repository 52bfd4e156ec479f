{#- Whether two expressions are the same value, or both null: `is not distinct from` is not on Redshift. -#}
{% macro null_safe_equal(left, right) -%}
    ({{ left }} = {{ right }} or ({{ left }} is null and {{ right }} is null))
{%- endmacro %}
