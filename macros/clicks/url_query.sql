{#- The query of a URL, as sent: what stands between the first '?' and the fragment. -#}
{% macro url_query(url) -%}
    {%- set bare = "split_part(" ~ url ~ ", '#', 1)" -%}
    case
        when strpos({{ bare }}, '?') > 0
            then nullif(substring({{ bare }}, strpos({{ bare }}, '?') + 1), '')
    end
{%- endmacro %}
