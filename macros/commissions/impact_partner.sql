{#- The partner's own API ("Mediapartners/<AccountSID>") names no partner: it is the account then. -#}
{% macro impact_partner() -%}
    coalesce(media_partner_id, case when side = 'publisher' then account_code end)
{%- endmacro %}
