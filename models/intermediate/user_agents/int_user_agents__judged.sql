with

matched as (
    select
        user_agent,
        pattern,
        match
    from {{ ref('int_user_agents__matched') }}
    where match != 'none'
),

patterns as (
    select
        pattern,
        match,
        rule_id,
        added_in_version,
        removed_in_version
    from {{ ref('int_user_agents__patterns') }}
),

rules as (
    select
        rule_id,
        version
    from {{ ref('click_quality_rules') }}
    where kind = 'user_agent'
),

-- A version of a rule judges by the patterns that it had.
pattern_versions as (
    select
        patterns.pattern,
        patterns.match,
        rules.rule_id,
        rules.version
    from rules
    inner join patterns
        on
            rules.rule_id = patterns.rule_id
            and rules.version >= patterns.added_in_version
            and (
                patterns.removed_in_version is null
                or rules.version < patterns.removed_in_version
            )
),

-- The longest pattern says most: googlebot, not bot.
ranked as (
    select
        matched.user_agent,
        pattern_versions.rule_id,
        pattern_versions.version,
        matched.pattern,
        row_number() over (
            partition by matched.user_agent, pattern_versions.rule_id, pattern_versions.version
            order by
                case when matched.match = 'shape' then 1 else 0 end,
                length(matched.pattern) desc,
                {{ hash_to_bigint("matched.pattern || ' ' || matched.match") }}
        ) as place
    from matched
    inner join pattern_versions
        on
            matched.pattern = pattern_versions.pattern
            and matched.match = pattern_versions.match
),

final as (
    select
        user_agent,
        cast(rule_id as varchar(40)) as rule_id,
        cast(version as integer) as version,
        pattern as evidence
    from ranked
    where place = 1
)

select * from final
