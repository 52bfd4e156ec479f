{#- The host of an absolute URL in lower case, without port; null where there is none. -#}
{% macro url_host(url) -%}
    nullif(
        split_part(
            split_part(
                split_part(split_part(split_part(lower({{ url }}), '://', 2), '/', 1), '?', 1),
                '#', 1
            ),
            ':', 1
        ),
        ''
    )
{%- endmacro %}
