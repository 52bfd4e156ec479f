{#- The medium of a click for the channel rules, never null, in lower case: utm_medium where the click is
    tagged, else "referral" or, without a referrer, Google's "(none)". That an untagged click from a search
    engine is organic search is not decided here: the rules know the engines by their source. -#}
{% macro channel_medium() -%}
    case
        when utm_medium is not null then lower(utm_medium)
        when utm_source is not null then '(not set)'
        when referrer_host is not null then 'referral'
        else '(none)'
    end
{%- endmacro %}
