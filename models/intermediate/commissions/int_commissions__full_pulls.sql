{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

pulls as (
    {{ full_pulls("(select * from " ~ ref('int_commissions__pulled') ~ ")") | indent(4) }}
),

final as (
    select
        cast(feed as varchar(63)) as feed,
        cast(side as varchar(20)) as side,
        cast(account_code as varchar(128)) as account_code,
        full_from,
        full_to,
        pulled_at,
        file_id
    from pulls
)

select * from final
