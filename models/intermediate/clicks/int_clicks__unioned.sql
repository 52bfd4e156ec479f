{#- The models int_clicks__from_… whose records are all clicks there are, in the same columns. -#}
{%- set origins = ['candidates', 'redirector', 'impact', 'everflow', 'partnerize'] -%}

with

final as (
    {% for origin in origins %}
        select
            source_name,
            event_id,
            clicked_at,
            network_code,
            advertiser_source_id,
            partner_source_id,
            program_source_id,
            campaign_source_id,
            creative_source_id,
            sub_id,
            landing_url,
            referrer_url,
            user_agent,
            ip_hash,
            ip_prefix,
            cookie_hash,
            country_code,
            utm_source,
            utm_medium,
            utm_campaign,
            cost_amount,
            currency_code,
            file_id,
            line_number,
            loaded_at
        from {{ ref('int_clicks__from_' ~ origin) }}
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
)

select * from final
