{#- Whether a click carries a mark of an entry of internal traffic: its prefix, its cookie, or its parameter. -#}
{% macro is_internal_click(click, traffic) -%}
    (
        {{ click }}.ip_prefix = {{ traffic }}.ip_prefix
        or {{ click }}.cookie_hash = {{ traffic }}.cookie_hash
        or {{ has_url_parameter(click ~ '.landing_url', traffic ~ '.url_parameter') }}
    )
{%- endmacro %}
