with

matched as (
    select
        ip_prefix,
        network
    from {{ ref('int_networks__matched') }}
    where network != ''
),

blocks as (
    select
        network,
        rule_id,
        provider,
        prefix_length,
        added_in_version,
        removed_in_version
    from {{ ref('int_networks__blocks') }}
),

rules as (
    select
        rule_id,
        version
    from {{ ref('click_quality_rules') }}
    where kind = 'network'
),

-- A version of a rule judges by the networks that it had.
block_versions as (
    select
        blocks.network,
        blocks.provider,
        blocks.prefix_length,
        rules.rule_id,
        rules.version
    from rules
    inner join blocks
        on
            rules.rule_id = blocks.rule_id
            and rules.version >= blocks.added_in_version
            and (
                blocks.removed_in_version is null
                or rules.version < blocks.removed_in_version
            )
),

-- The narrowest network says most.
ranked as (
    select
        matched.ip_prefix,
        block_versions.rule_id,
        block_versions.version,
        block_versions.network,
        block_versions.provider,
        row_number() over (
            partition by
                matched.ip_prefix, block_versions.rule_id, block_versions.version
            order by block_versions.prefix_length desc
        ) as place
    from matched
    inner join block_versions on matched.network = block_versions.network
),

final as (
    select
        ip_prefix,
        cast(rule_id as varchar(40)) as rule_id,
        cast(version as integer) as version,
        cast(network || ' (' || provider || ')' as varchar(255)) as evidence
    from ranked
    where place = 1
)

select * from final
