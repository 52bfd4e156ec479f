{#- The channel that an arrival names; null for a direct one, which says no more than that nobody sent it. -#}
{% macro naming_channel() -%}
    case when channel_code != 'direct' then channel_key end
{%- endmacro %}
