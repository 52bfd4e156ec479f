{#- "Pending actions can be modified or reversed before the Locking Date. After this date they
    become Approved Actions (or Locked Actions)": the date is a plan while an action is pending,
    and no approval when it was reversed. "ClearedDate" is filled once the amount was delivered;
    an action leaves no time of its last change. -#}
{%- set values = {
    'commission_code': 'action_id',
    'side': 'side',
    'account_code': 'account_code',
    'advertiser_source_id': "'program:' || campaign_id",
    'partner_source_id': impact_partner(),
    'program_source_id': 'campaign_id',
    'creative_source_id': 'ad_id',
    'order_code': 'order_id',
    'sub_id': 'coalesce(sub_id_1, shared_id)',
    'network_status': 'lower(state)',
    'commission_type': 'action_tracker_name',
    'country_code': 'upper(country_code)',
    'customer_type': 'lower(customer_status)',
    'coupon_code': 'promo_code',
    'currency_code': 'upper(currency_code)',
    'sale_amount': 'amount',
    'commission_amount': 'payout',
    'clicked_at': 'clicked_at',
    'occurred_at': 'occurred_at',
    'approved_at': "case when lower(state) in ('approved', 'locked', 'paid') then locks_at end",
    'paid_at': 'cleared_at',
    'pulled_at': 'pulled_at',
    'file_id': 'file_id',
    'line_number': 'line_number',
} -%}

with

actions as (
    select
        action_id,
        side,
        account_code,
        campaign_id,
        media_partner_id,
        action_tracker_name,
        ad_id,
        order_id,
        shared_id,
        sub_id_1,
        state,
        promo_code,
        customer_status,
        country_code,
        currency_code,
        payout,
        amount,
        clicked_at,
        occurred_at,
        locks_at,
        cleared_at,
        pulled_at,
        file_id,
        line_number
    from {{ ref('stg_impact__actions') }}
),

final as (
    select
        {{ observed_commission('impact.actions', 'impact', values) }}
    from actions
)

select * from final
