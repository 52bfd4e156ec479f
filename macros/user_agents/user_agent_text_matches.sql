{#- Whether a user agent in lower case contains, starts with, ends in or is a text. -#}
{% macro user_agent_text_matches(folded, pattern, match) -%}
    case {{ match }}
        when 'contains' then strpos({{ folded }}, {{ pattern }}) > 0
        when 'starts' then left({{ folded }}, length({{ pattern }})) = {{ pattern }}
        when 'ends' then right({{ folded }}, length({{ pattern }})) = {{ pattern }}
        when 'whole' then {{ folded }} = {{ pattern }}
        else false
    end
{%- endmacro %}
