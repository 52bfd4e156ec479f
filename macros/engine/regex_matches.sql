{#- Whether a text contains a match of a POSIX regular expression, which must be a literal (Redshift takes
    no other) without backslashes. -#}
{% macro regex_matches(value, pattern) -%}
    {{ return(adapter.dispatch('regex_matches')(value, pattern)) }}
{%- endmacro %}

{% macro default__regex_matches(value, pattern) -%} {{ value }} ~ '{{ pattern }}' {%- endmacro %}

{% macro duckdb__regex_matches(value, pattern) -%}
    regexp_matches({{ value }}, '{{ pattern }}')
{%- endmacro %}
