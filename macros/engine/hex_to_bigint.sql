{#- A number of at most 15 hexadecimal digits as a bigint; of an empty text 0. -#}
{% macro hex_to_bigint(text) -%}
    {{ return(adapter.dispatch('hex_to_bigint')(text)) }}
{%- endmacro %}

{% macro default__hex_to_bigint(text) -%}
    cast(cast('x' || lpad({{ text }}, 15, '0') as bit(60)) as bigint)
{%- endmacro %}

{% macro duckdb__hex_to_bigint(text) -%}
    cast('0x0' || {{ text }} as bigint)
{%- endmacro %}

{% macro redshift__hex_to_bigint(text) -%}
    strtol('0' || {{ text }}, 16)
{%- endmacro %}
