{#- Every match of a POSIX regular expression, replaced. -#}
{% macro replace_matches(value, pattern, replacement) -%}
    {{- return(adapter.dispatch('replace_matches')(value, pattern, replacement)) -}}
{%- endmacro %}

{% macro default__replace_matches(value, pattern, replacement) -%}
    regexp_replace({{ value }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro redshift__replace_matches(value, pattern, replacement) -%}
    regexp_replace({{ value }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}
