{#- "Approved actions finalize the commission amount due, which is delivered on the Scheduled
    Clearing Date": a plan until the change is on a pay stub and the date has come. -#}
{%- set values = {
    'commission_code': 'action_id',
    'record_code': 'update_id',
    'side': 'side',
    'account_code': 'account_code',
    'advertiser_source_id': "'program:' || campaign_id",
    'partner_source_id': impact_partner(),
    'program_source_id': 'campaign_id',
    'creative_source_id': 'ad_id',
    'order_code': 'order_id',
    'sub_id': 'coalesce(sub_id_1, shared_id)',
    'network_status': 'lower(state)',
    'commission_type': 'event_type_name',
    'reason': 'coalesce(state_detail, state_detail_description)',
    'payment_code': 'paystub_id',
    'currency_code': 'upper(currency_code)',
    'sale_amount': 'delta_amount',
    'commission_amount': 'delta_payout',
    'occurred_at': 'occurred_at',
    'modified_at': 'updated_at',
    'approved_at': "case when lower(state) in ('approved', 'locked', 'paid') then locks_at end",
    'paid_at':
        'case when paystub_id is not null and clears_at <= pulled_at then clears_at end',
    'pulled_at': 'pulled_at',
    'file_id': 'file_id',
    'line_number': 'line_number',
} -%}

with

updates as (
    select
        update_id,
        action_id,
        side,
        account_code,
        campaign_id,
        media_partner_id,
        event_type_name,
        ad_id,
        paystub_id,
        order_id,
        shared_id,
        sub_id_1,
        state,
        state_detail,
        state_detail_description,
        currency_code,
        delta_payout,
        delta_amount,
        occurred_at,
        updated_at,
        locks_at,
        clears_at,
        pulled_at,
        file_id,
        line_number
    from {{ ref('stg_impact__action_updates') }}
),

final as (
    select
        {{ observed_commission('impact.action_updates', 'impact', values) }}
    from updates
)

select * from final
