{#- Pre-hook of a model that keeps the states of its days: those of the days that it is about to change go; all of them before it is
    built anew. `keep_day_states` puts the new ones in their place, in the same transaction. -#}
{% macro forget_day_states(days_to_change) -%}
    {%- set states = day_states() -%}
    {%- if not is_incremental() -%}
        drop table if exists {{ states }}
    {%- else -%}
        {%- set days = days_to_change() -%}
        {%- if days -%}
            delete from {{ states }} where {{ in_list('date_key', days) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
