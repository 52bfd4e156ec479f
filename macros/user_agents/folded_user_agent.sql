{#- A user agent with A to Z in lower case. Not lower(): beyond ASCII the engines do not agree on it. -#}
{% macro folded_user_agent(user_agent) -%}
    translate({{ user_agent }}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
{%- endmacro %}
