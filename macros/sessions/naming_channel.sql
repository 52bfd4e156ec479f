{#- The channel that an arrival names, with the partner's where the traffic source yields to it; null for a direct
    one, which says no more than that nobody sent it. -#}
{% macro naming_channel(assigned, partner) -%}
    case
        when
            {{ assigned }}.channel_code != 'direct'
            or ({{ assigned }}.yields_to_partner and {{ partner }}.channel_current_key is not null)
            then {{ channel_of_click(assigned, partner) }}
    end
{%- endmacro %}
