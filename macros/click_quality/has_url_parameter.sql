{#- Whether the query of a URL holds exactly this `name=value`; null where one of the two is null. -#}
{% macro has_url_parameter(url, parameter) -%}
    strpos(
        '&' || split_part(split_part({{ url }}, '?', 2), '#', 1) || '&',
        '&' || {{ parameter }} || '&'
    ) > 0
{%- endmacro %}
