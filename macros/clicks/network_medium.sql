{#- The medium of a click that a network sent: 'affiliate' where the link carries no utm parameters. -#}
{% macro network_medium() -%}
    case
        when utm_source is null and utm_medium is null and utm_campaign is null
            then cast('affiliate' as varchar(255))
        else utm_medium
    end
{%- endmacro %}
