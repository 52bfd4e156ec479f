{#- The extension of a path's last part in lower case; null where it has none. -#}
{% macro path_extension(path) -%}
    {%- set last_part = "split_part(reverse(" ~ path ~ "), '/', 1)" -%}
    case
        when strpos({{ last_part }}, '.') > 0
            then lower(reverse(split_part({{ last_part }}, '.', 1)))
    end
{%- endmacro %}
