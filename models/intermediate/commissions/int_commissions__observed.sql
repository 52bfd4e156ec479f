{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='file_id',
        on_schema_change='fail',
        contract={'enforced': true},
        dist='commission_key',
        sort=['commission_key'],
        post_hook="{{ forget_gone_files() }}",
    )
}}

-- depends_on: {{ ref('stg_loader__files') }}

{#- The models int_commissions__from_…, and the raw table that each of them reads. -#}
{%- set origins = {
    'cj_publisher_commissions': 'cj__publisher_commissions',
    'cj_advertiser_commissions': 'cj__advertiser_commissions',
    'impact_actions': 'impact__actions',
    'impact_action_updates': 'impact__action_updates',
    'awin_publisher_transactions': 'awin__publisher_transactions',
    'awin_advertiser_transactions': 'awin__advertiser_transactions',
    'rakuten_events': 'rakuten__events',
    'rakuten_signature': 'rakuten__signature',
    'partnerize': 'partnerize__conversions',
    'everflow': 'everflow__conversions',
    'tune': 'tune__conversions',
    'amazon': 'amazon__earnings',
    'shareasale_activity': 'shareasale__activity',
    'shareasale_ledger': 'shareasale__ledger',
    'ebay': 'ebay__transactions',
} -%}
{%- set arrived = new_files(origins.values() | list) if is_incremental() else [] %}

with

observations as (
    {% for origin in origins %}
        select
            feed,
            network_code,
            {{ observed_commission_columns() | join(',\n            ') }}
        from {{ ref('int_commissions__from_' ~ origin) }}
        {% if is_incremental() %}
            where {{ in_list('file_id', arrived) }}
        {% endif %}
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
),

final as (
    select
        {{ dimension_key(['network_code', 'commission_code'], plain=['network_code']) }}
            as commission_key,
        feed,
        network_code,
        {{ observed_commission_columns() | join(',\n        ') }}
    from observations
)

select * from final
