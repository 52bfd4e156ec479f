{#- Whether a rule of the seed click_rules says that a request is a click. -#}
{% macro click_rule_matches(request, rule) -%}
    {{ rule }}.source_name in ('*', {{ request }}.source_name)
    and case
        when {{ rule }}.field = 'path' and {{ rule }}.match = 'prefix'
            then left({{ request }}.path, length({{ rule }}.value)) = {{ rule }}.value
        when {{ rule }}.field = 'query' and {{ rule }}.match = 'prefix'
            then strpos('&' || {{ request }}.query, '&' || {{ rule }}.value) > 0
        when {{ rule }}.field = 'query' and {{ rule }}.match = 'parameter'
            then strpos('&' || {{ request }}.query, '&' || {{ rule }}.value || '=') > 0
        else false
    end
{%- endmacro %}
