{{
    config(
        dist='all',
        sort=['channel_current_key'],
        indexes=[{'columns': ['channel_current_key'], 'unique': True}],
    )
}}

with

versions as (
    select
        channel_current_key,
        channel_key,
        channel_code,
        channel_name,
        parent_channel_code,
        channel_group_name,
        channel_description,
        channel_level,
        sort_order,
        is_paid,
        is_active,
        is_deleted
    from {{ ref('dim_channel') }}
    where is_current
),

final as (
    select *
    from versions
)

select * from final
