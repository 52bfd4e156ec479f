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

{%- set origins = [
    'int_commissions__from_cj_publisher_commissions',
    'int_commissions__from_cj_advertiser_commissions',
    'int_commissions__from_impact_actions',
    'int_commissions__from_impact_action_updates',
    'int_commissions__from_awin_publisher_transactions',
    'int_commissions__from_awin_advertiser_transactions',
    'int_commissions__from_rakuten_events',
    'int_commissions__from_rakuten_signature',
    'int_commissions__from_partnerize',
    'int_commissions__from_everflow',
    'int_commissions__from_tune',
    'int_commissions__from_amazon',
    'int_commissions__from_shareasale_activity',
    'int_commissions__from_shareasale_ledger',
    'int_commissions__from_ebay',
] -%}
{%- set arrived = new_files(origins) if is_incremental() else [] %}

with

observations as (
    {% for origin in origins %}
        select
            feed,
            network_code,
            {{ observed_commission_columns() | join(',\n            ') }}
        from {{ ref(origin) }}
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
