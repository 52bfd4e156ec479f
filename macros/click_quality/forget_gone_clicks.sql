{#- Post-hook: clicks that the input no longer has on the days that were built go. -#}
{% macro forget_gone_clicks(model_name, days_to_build) -%}
    {%- if is_incremental() -%}
        {%- set days = days_to_build() -%}
        {%- if days -%}
            {{ forget_rows(
                in_list('date_key', days) ~ ' and click_id not in (select click_id from ' ~ ref(model_name)
                ~ ' where ' ~ in_list('date_key', days) ~ ')'
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
