{{ config(materialized='ephemeral') }}

with

-- Every column: what is added to the versions is known from then on.
versions as (
    select *
    from {{ ref('int_master__channel_versions') }}
),

final as (
    select *
    from versions
    where is_current
)

select * from final -- noqa: AM04
