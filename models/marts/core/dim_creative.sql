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

networks as (
    select
        network_code,
        network_name
    from {{ ref('networks') }}
),

final as (
    select
        own_members.member_key as creative_key,
        {{
            own_member_name(
                'coalesce(networks.network_name, own_members.network_code)',
                'creative',
                'own_members.source_id',
            )
        }} as creative_name,
        cast(own_members.network_code as varchar(30)) as network_code,
        cast(own_members.source_id as varchar(128)) as source_id
    from own_members
    left join networks on own_members.network_code = networks.network_code
    union all
    select
        cast(-1 as bigint) as creative_key,
        cast('Unknown' as varchar(255)) as creative_name,
        cast(null as varchar(30)) as network_code,
        cast(null as varchar(128)) as source_id
)

select * from final
