{#- The source of a click for the channel rules, never null, in lower case. A tagged click says it itself
    (utm_source); of an untagged one it is the referring host without "www."; with neither it is Google's
    "(direct)". A click is tagged when it has utm_source or utm_medium: a campaign alone names no source. -#}
{% macro channel_source() -%}
    case
        when utm_source is not null then lower(utm_source)
        when utm_medium is not null then '(not set)'
        when referrer_host like 'www.%' then substring(referrer_host, 5)
        else coalesce(referrer_host, '(direct)')
    end
{%- endmacro %}
