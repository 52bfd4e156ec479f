{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

days as (
    select
        date_key,
        {{ day_fingerprint() }},
        {{ verdicts_fingerprint() }}
    from {{ ref('int_clicks__verdicts') }}
    group by date_key
),

final as (
    select
        date_key,
        cast(records as bigint) as records,
        cast(click_ids as numeric(38, 0)) as click_ids,
        cast(lines as numeric(38, 0)) as lines,
        cast(verdicts as numeric(38, 0)) as verdicts,
        cast(suspects as numeric(38, 0)) as suspects
    from days
)

select * from final
