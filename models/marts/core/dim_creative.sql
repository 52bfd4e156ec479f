{{ config(dist='all', sort=['creative_key']) }}

with

own_members as (
    select distinct
        member_key,
        network_code,
        source_id
    from {{ ref('int_members__versions') }}
    where kind = 'creative'
),

-- A creative is what it is today for all time: nobody asks for a banner's former name.
mappings as (
    select
        network_code,
        source_id,
        code as creative_code
    from {{ ref('int_master__crosswalk_versions') }}
    where kind = 'creative' and is_current and not is_deleted
),

creatives as (
    select
        creative_code,
        creative_name,
        creative_type,
        width,
        height
    from {{ ref('int_master__creative_versions') }}
    where is_current and not is_deleted
),

networks as (
    select
        network_code,
        network_name
    from {{ ref('networks') }}
),

final as (
    select
        own_members.member_key as creative_key,
        cast(creatives.creative_code as varchar(64)) as creative_code,
        coalesce(
            creatives.creative_name,
            {{
                own_member_name(
                    'coalesce(networks.network_name, own_members.network_code)',
                    'creative',
                    'own_members.source_id',
                )
            }}
        ) as creative_name,
        cast(creatives.creative_type as varchar(50)) as creative_type,
        cast(creatives.width as integer) as width,
        cast(creatives.height as integer) as height,
        cast(own_members.network_code as varchar(30)) as network_code,
        cast(own_members.source_id as varchar(128)) as source_id
    from own_members
    left join networks on own_members.network_code = networks.network_code
    left join mappings
        on
            own_members.network_code = mappings.network_code
            and own_members.source_id = mappings.source_id
    left join creatives on mappings.creative_code = creatives.creative_code
    union all
    select
        cast(-1 as bigint) as creative_key,
        cast(null as varchar(64)) as creative_code,
        cast('Unknown' as varchar(255)) as creative_name,
        cast(null as varchar(50)) as creative_type,
        cast(null as integer) as width,
        cast(null as integer) as height,
        cast(null as varchar(30)) as network_code,
        cast(null as varchar(128)) as source_id
)

select * from final
