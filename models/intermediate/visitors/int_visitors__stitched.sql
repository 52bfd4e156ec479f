{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='identifier_id',
        on_schema_change='fail',
        contract={'enforced': true},
        dist='all',
        sort=['identifier_id'],
        indexes=[
            {'columns': ['identifier_id'], 'unique': true},
            {'columns': ['visitor_id']},
        ],
        pre_hook="{{ forget_outdated('identifier_id', outdated_visitors) }}",
        post_hook=[
            "{{ remember_links() }}",
            "{{ remember_days('int_visitors__daily_links') }}",
            "{{ note_stitched_anew() }}",
        ],
    )
}}

{#- Enough for a thousand identifiers in a row; links_are_stitched fails when they are not. -#}
{%- set rounds = 12 %}

with

{% if is_incremental() %}
    outdated as (
        select identifier_id
        from {{ outdated_keys() }}
    ),

    touching as (
        {{ links_touching('outdated') | indent(8) }}
    ),

    -- Of what leads out of them an end is blocked: it says how many share the other one, and
    -- stitches nobody.
    links as (
        select
            touching.identifier_id,
            touching.other_id,
            touching.rule,
            outdated.identifier_id is not null
            and outdated_others.identifier_id is not null as is_inside
        from touching
        left join outdated on touching.identifier_id = outdated.identifier_id
        left join outdated as outdated_others
            on touching.other_id = outdated_others.identifier_id
    ),
{% else %}
    links as (
        select distinct
            identifier_id,
            other_id,
            rule,
            true as is_inside
        from {{ ref('int_visitors__daily_links') }}
    ),
{% endif %}

{{ sharers_of('links') }},

known_shared as (
    select
        shared.identifier_id,
        shared.sharers
    from shared
    {% if is_incremental() %}
        inner join outdated on shared.identifier_id = outdated.identifier_id
    {% endif %}
),

blocked as (
    select identifier_id
    from known_shared
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
    where
        links.is_inside
        and blocked.identifier_id is null
        and blocked_others.identifier_id is null
),

-- Logins and click ids only say which identifiers belong together: those of each are linked with
-- the smallest of them, and each pair once, however many clicks say so. A login may also be an
-- identifier itself.
identifiers as (
    select distinct identifier_id
    from stitching
),

members as (
    select
        other_id,
        identifier_id
    from stitching
    union
    select
        stitching.other_id,
        stitching.other_id as identifier_id
    from stitching
    inner join identifiers on stitching.other_id = identifiers.identifier_id
),

smallest as (
    select
        other_id,
        min(identifier_id) as identifier_id
    from members
    group by other_id
),

pairs as (
    select distinct
        smallest.identifier_id,
        members.identifier_id as other_id
    from members
    inner join smallest on members.other_id = smallest.other_id
),

{{ connected_components('pairs', rounds) }},

nodes as (
    select
        node,
        component
    from components
    union
    select
        stitching.other_id as node,
        components.component
    from stitching
    inner join components on stitching.identifier_id = components.node
),

visitors as (
    select
        component,
        min(node) as visitor_id
    from nodes
    group by component
),

rules as (
    select
        components.component,
        min(stitching.rule) as first_rule,
        max(stitching.rule) as last_rule
    from stitching
    inner join components on stitching.identifier_id = components.node
    group by components.component
),

stitched as (
    select
        nodes.node as identifier_id,
        visitors.visitor_id,
        case
            when rules.first_rule = rules.last_rule then rules.first_rule
            else 'click_id, login'
        end as stitched_by,
        false as is_blocked
    from nodes
    inner join visitors on nodes.component = visitors.component
    inner join rules on nodes.component = rules.component
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
        stitched.identifier_id,
        stitched.visitor_id,
        cast(stitched.stitched_by as varchar(20)) as stitched_by,
        cast(coalesce(known_shared.sharers, 0) as bigint) as sharers,
        stitched.is_blocked
    from stitched
    left join known_shared on stitched.identifier_id = known_shared.identifier_id
)

select * from final
