{#- The path of an absolute URL: what stands between the host and the query or the fragment. -#}
{% macro url_path(url) -%}
    {%- set bare = "split_part(split_part(" ~ url ~ ", '#', 1), '?', 1)" -%}
    nullif(
        substring(
            {{ bare }},
            length(split_part({{ bare }}, '/', 1) || '//' || split_part({{ bare }}, '/', 3)) + 1
        ),
        ''
    )
{%- endmacro %}
