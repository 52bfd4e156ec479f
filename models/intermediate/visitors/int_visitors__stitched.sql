{{
    config(
        materialized='table',
        contract={'enforced': true},
        dist='all',
        sort=['identifier_id'],
        indexes=[{'columns': ['identifier_id'], 'unique': true}],
    )
}}

{#- Enough for a thousand identifiers in a row; links_are_stitched fails when they are not. -#}
{%- set rounds = 12 %}

with

links as (
    select
        identifier_id,
        other_id,
        rule
    from {{ ref('int_visitors__links') }}
),

-- A login that half the town uses, or a cookie of a kiosk with everybody's logins, is no person. A
-- visitor's many clicks are no sign of that: the click ids of a cookie do not count.
sharers as (
    select
        other_id as identifier_id,
        count(distinct identifier_id) as sharers
    from links
    group by other_id
    union all
    select
        identifier_id,
        count(distinct other_id) as sharers
    from links
    where rule = 'login'
    group by identifier_id
),

shared as (
    select
        identifier_id,
        max(sharers) as sharers
    from sharers
    group by identifier_id
),

blocked as (
    select identifier_id
    from shared
    where sharers > {{ var('identity_most_sharers') }}
),

stitching as (
    select
        links.identifier_id,
        links.other_id,
        links.rule
    from links
    left join blocked on links.identifier_id = blocked.identifier_id
    left join blocked as blocked_others on links.other_id = blocked_others.identifier_id
    where blocked.identifier_id is null and blocked_others.identifier_id is null
),

{{ connected_components('stitching', rounds) }},

rules as (
    select
        components.component,
        min(stitching.rule) as first_rule,
        max(stitching.rule) as last_rule
    from stitching
    inner join components on stitching.identifier_id = components.node
    group by components.component
),

identifiers as (
    select
        components.node as identifier_id,
        components.component as visitor_id,
        case
            when rules.first_rule = rules.last_rule then rules.first_rule
            else 'click_id, login'
        end as stitched_by,
        false as is_blocked
    from components
    inner join rules on components.component = rules.component
    union all
    select
        identifier_id,
        identifier_id as visitor_id,
        'nothing' as stitched_by,
        true as is_blocked
    from blocked
),

final as (
    select
        identifiers.identifier_id,
        identifiers.visitor_id,
        cast(identifiers.stitched_by as varchar(20)) as stitched_by,
        cast(coalesce(shared.sharers, 0) as bigint) as sharers,
        identifiers.is_blocked
    from identifiers
    left join shared on identifiers.identifier_id = shared.identifier_id
)

select * from final
