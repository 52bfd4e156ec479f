{#- The integer key of a list of values: 60 bits of the md5 of their text, equal on every engine. -#}
{% macro dimension_key(parts, plain=[]) -%}
    {{ hash_to_bigint(key_text(parts, plain)) }}
{%- endmacro %}
