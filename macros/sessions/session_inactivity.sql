{#- The pause that ends a session, as an interval. -#}
{% macro session_inactivity() -%}
    interval '{{ var("session_inactivity_minutes") }} minutes'
{%- endmacro %}
