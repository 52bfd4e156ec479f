{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

listed as (
    select
        pattern,
        match,
        stem,
        rule_id,
        source,
        added_in_version,
        removed_in_version
    from {{ ref('user_agent_patterns') }}
),

marks as (
    select
        pattern,
        match,
        rule_id,
        added_in_version,
        removed_in_version
    from {{ ref('user_agent_marks') }}
),

unioned as (
    select
        pattern,
        match,
        stem,
        rule_id,
        source,
        added_in_version,
        removed_in_version
    from listed

    union all

    select
        pattern,
        match,
        pattern as stem,
        rule_id,
        'clickstar' as source,
        added_in_version,
        removed_in_version
    from marks
),

final as (
    select
        cast(pattern as varchar(255)) as pattern,
        cast(match as varchar(10)) as match,
        cast(stem as varchar(255)) as stem,
        cast(rule_id as varchar(40)) as rule_id,
        cast(source as varchar(40)) as source,
        -- What a name of a shape stands for, so that a changed expression is noticed.
        cast(
            case
                when match != 'shape' then pattern
                {% for shape, expressions in user_agent_shapes().items() %}
                    when pattern = '{{ shape }}'
                        then '{{ tojson(expressions, sort_keys=true) }}'
                {% endfor %}
            end as varchar(2000)
        ) as expression,
        cast(added_in_version as integer) as added_in_version,
        cast(removed_in_version as integer) as removed_in_version
    from unioned
)

select * from final
