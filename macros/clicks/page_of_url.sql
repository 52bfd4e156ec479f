{#- The page of a URL: its host in lower case and its path, without what may differ from one visit to the
    next (scheme, query, fragment). A URL without a host is its path. -#}
{% macro page_of_url(url) -%}
    left(
        case
            when strpos({{ url }}, '://') > 0
                then coalesce({{ url_host(url) }}, '') || coalesce({{ url_path(url) }}, '/')
            else nullif(split_part(split_part({{ url }}, '#', 1), '?', 1), '')
        end,
        500
    )
{%- endmacro %}
