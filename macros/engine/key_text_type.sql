{#- The text type that a key part is cast to: on Redshift a bare varchar would cut at 256 bytes. -#}
{% macro key_text_type() -%}
    {{ return(adapter.dispatch('key_text_type')()) }}
{%- endmacro %}

{% macro default__key_text_type() -%} varchar {%- endmacro %}

{% macro redshift__key_text_type() -%} varchar(65535) {%- endmacro %}
