{{
    config(
        dist='all',
        sort=['program_current_key'],
        indexes=[{'columns': ['program_current_key'], 'unique': True}],
    )
}}

with

versions as (
    select
        program_current_key,
        program_key,
        program_code,
        program_name,
        network_code,
        source_id,
        advertiser_code,
        currency_code,
        time_zone,
        commission_rate,
        cookie_days,
        lock_days,
        is_mapped,
        is_active,
        is_deleted
    from {{ ref('dim_program') }}
    where is_current
),

final as (
    select *
    from versions
)

select * from final
