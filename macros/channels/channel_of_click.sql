{#- The durable key of the channel of a click or arrival. What its traffic source says decides; where that says
    no more than that somebody else's site sent it (yields_to_partner of the rule), the partner of the
    click says more: the channel that its version of that moment has. -#}
{% macro channel_of_click(assigned, partner) -%}
    case
        when {{ assigned }}.yields_to_partner and {{ partner }}.channel_current_key is not null
            then {{ partner }}.channel_current_key
        else {{ assigned }}.channel_current_key
    end
{%- endmacro %}
