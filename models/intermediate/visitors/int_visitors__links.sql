with

daily_links as (
    select
        identifier_id,
        other_id,
        rule
    from {{ ref('int_visitors__daily_links') }}
),

final as (
    select distinct
        identifier_id,
        other_id,
        rule
    from daily_links
)

select * from final
