{#- Rakuten's two feeds name a commission by nothing they share but advertiser, order and SKU. -#}
{% macro rakuten_commission_code(advertiser, order, sku) -%}
    coalesce({{ advertiser }}, '') || '|' || coalesce({{ order }}, '') || '|' || coalesce({{ sku }}, '')
{%- endmacro %}
