{{ config(materialized='view') }}

with

partners as (
    select
        date_key,
        network_code,
        partner_source_id,
        clicks,
        pairs,
        peers,
        shannon_entropy,
        herfindahl_index,
        median_herfindahl_index
    from {{ ref('int_partners__concentration') }}
),

final as (
    select
        {{ dimension_key(['date_key', 'network_code', 'partner_source_id']) }}
            as partner_concentration_id,
        date_key,
        network_code,
        partner_source_id,
        clicks,
        pairs,
        peers,
        shannon_entropy,
        herfindahl_index,
        median_herfindahl_index
    from partners
)

select * from final
