{#- How many reporting days before a landing page its click may be: those of `click_id_minutes` and one more, for days without 24 hours. -#}
{% macro days_to_land() -%}
    {{ return((var('click_id_minutes') + 1439) // 1440 + 1) }}
{%- endmacro %}
