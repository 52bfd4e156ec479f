{#- Post-hook of a fact that is replaced by days: a day that its input no longer has at all goes. -#}
{% macro forget_gone_days(input) -%}
    delete from {{ this }} where date_key not in (select date_key from {{ input }})
{%- endmacro %}
