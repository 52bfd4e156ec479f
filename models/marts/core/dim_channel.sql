{{ config(dist='all', sort=['channel_key'], indexes=[{'columns': ['channel_code']}]) }}

with

versions as (
    select *
    from {{ ref('int_master__channel_versions') }}
),

-- The tree as it is today: of which channel each is a part, and what it is called.
tree as (
    select
        channel_code,
        channel_name,
        parent_channel_code
    from versions
    where is_current
),

-- Up to the third channel above one, four levels in all. A channel that has moved may once have
-- been part of one that is part of it now: the way up ends before it would come round.
climbed as (
    select
        versions.*,
        coalesce(
            great_grandparents.channel_name,
            grandparents.channel_name,
            parents.channel_name,
            versions.channel_name,
            versions.channel_code
        ) as channel_group_name,
        1
        + case when parents.channel_code is null then 0 else 1 end
        + case when grandparents.channel_code is null then 0 else 1 end
        + case when great_grandparents.channel_code is null then 0 else 1 end as channel_level
    from versions
    left join tree as parents
        on
            versions.parent_channel_code = parents.channel_code
            and versions.channel_code != parents.channel_code
    left join tree as grandparents
        on
            parents.parent_channel_code = grandparents.channel_code
            and grandparents.channel_code not in (versions.channel_code, parents.channel_code)
    left join tree as great_grandparents
        on
            grandparents.parent_channel_code = great_grandparents.channel_code
            and great_grandparents.channel_code not in (
                versions.channel_code, parents.channel_code, grandparents.channel_code
            )
),

final as (
    select
        channel_key,
        channel_current_key,
        channel_code,
        cast(coalesce(channel_name, channel_code) as varchar(255)) as channel_name,
        parent_channel_code,
        cast(channel_group_name as varchar(255)) as channel_group_name,
        channel_description,
        cast(channel_level as integer) as channel_level,
        cast(coalesce(sort_order, 998) as integer) as sort_order,
        is_paid,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from climbed
    union all
    select
        cast(-1 as bigint) as channel_key,
        cast(-1 as bigint) as channel_current_key,
        cast(null as varchar(64)) as channel_code,
        cast('Unknown' as varchar(255)) as channel_name,
        cast(null as varchar(64)) as parent_channel_code,
        cast('Unknown' as varchar(255)) as channel_group_name,
        cast(null as varchar(255)) as channel_description,
        cast(1 as integer) as channel_level,
        cast(999 as integer) as sort_order,
        cast(null as boolean) as is_paid,
        cast(null as boolean) as is_active,
        true as is_current,
        false as is_deleted,
        {{ beginning_of_time() }} as valid_from,
        {{ end_of_time() }} as valid_to
)

select * from final
