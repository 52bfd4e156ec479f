{#- The first 60 bits of the md5 of a text, as a non-negative bigint: the same number on every engine. -#}
{% macro hash_to_bigint(text) -%}
    {{ return(adapter.dispatch('hash_to_bigint')(text)) }}
{%- endmacro %}

{% macro default__hash_to_bigint(text) -%}
    cast(cast('x' || substr(md5({{ text }}), 1, 15) as bit(60)) as bigint)
{%- endmacro %}

{% macro duckdb__hash_to_bigint(text) -%}
    cast('0x' || substr(md5({{ text }}), 1, 15) as bigint)
{%- endmacro %}

{% macro redshift__hash_to_bigint(text) -%}
    strtol(substring(md5({{ text }}), 1, 15), 16)
{%- endmacro %}
