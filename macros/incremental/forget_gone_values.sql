{#- Post-hook of a model that keeps rows by a value of its input: rows of values that are gone go. -#}
{% macro forget_gone_values(column, input) -%}
    delete from {{ this }} where {{ column }} not in (select {{ column }} from {{ input }})
{%- endmacro %}
