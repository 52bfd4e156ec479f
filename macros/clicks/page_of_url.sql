{#- The page of a URL: its host in lower case and its path, without what may differ from one visit to the
    next (scheme, query, fragment). A URL without a host is its path. Host and path are given as columns:
    DuckDB cuts a URL that is repeated once per dictionary entry, but once per row inside of a `case`. -#}
{% macro page_of_url(url, host, path) -%}
    left(
        case
            when strpos({{ url }}, '://') > 0
                then coalesce({{ host }}, '') || coalesce({{ path }}, '/')
            else nullif(split_part(split_part({{ url }}, '#', 1), '?', 1), '')
        end,
        500
    )
{%- endmacro %}
