with

candidates as (
    select
        source_name,
        path,
        query,
        file_id,
        line_number
    from {{ ref('int_clicks__candidates') }}
),

clicks as (
    select
        source_name,
        file_id,
        click_rule_id
    from {{ ref('int_clicks__from_candidates') }}
),

click_rules as (
    select
        rule_id,
        source_name,
        field,
        match,
        value
    from {{ ref('click_rules') }}
),

-- Counted apart from the clicks, so that a request lost or doubled on the way shows.
outcomes as (
    select
        source_name,
        file_id,
        0 as clicks,
        1 as requests,
        0 as others
    from candidates

    union all

    select
        source_name,
        file_id,
        1 as clicks,
        0 as requests,
        0 as others
    from clicks

    union all

    select
        candidates.source_name,
        candidates.file_id,
        0 as clicks,
        0 as requests,
        1 as others
    from candidates
    left join click_rules on {{ click_rule_matches('candidates', 'click_rules') }}
    where click_rules.rule_id is null
),

final as (
    select
        source_name,
        file_id,
        cast(sum(requests) as bigint) as requests,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(others) as bigint) as others
    from outcomes
    group by source_name, file_id
)

select * from final
