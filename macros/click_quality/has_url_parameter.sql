{#- Whether the query of a URL holds exactly this `name=value`; null where one of the two is missing. -#}
{% macro has_url_parameter(url, parameter) -%}
    strpos('&' || {{ url_query(url) }} || '&', '&' || {{ parameter }} || '&') > 0
{%- endmacro %}
