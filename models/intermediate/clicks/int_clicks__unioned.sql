select 'redirector' as source_name, event_id, clicked_at, network_code,
  advertiser_id as advertiser_source_id, partner_id as partner_source_id, program_id as program_source_id, campaign_id as campaign_source_id, creative_id as creative_source_id, sub_id, landing_url, referrer_url, user_agent, ip_hash, ip_prefix, cookie_hash, country_code, utm_source, utm_medium, utm_campaign, cost_amount, currency_code, file_id, line_number, loaded_at
from {{ ref('stg_redirector__clicks') }}
