{#- Post-hook: keep the states of the days of a model as those that this incremental model was built from. -#}
{% macro remember_days(model_name) -%}
    {{ remember(model_name, of_days=true) }}
{%- endmacro %}
