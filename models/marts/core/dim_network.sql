{{ config(dist='all', sort=['network_key'], indexes=[{'columns': ['network_code']}]) }}

with

networks as (
    select
        network_code,
        network_name,
        is_active
    from {{ ref('networks') }}
),

-- A network that nobody has listed yet is still a member of its own.
codes as (
    select network_code
    from networks
    union
    select network_code
    from {{ ref('int_channels__traffic_sources') }}
    union
    select network_code
    from {{ ref('int_members__versions') }}
    union
    select network_code
    from {{ ref('int_money__networks') }}
    union
    select network_code
    from {{ ref('int_master__program_versions') }}
    where network_code is not null
),

final as (
    select
        {{ dimension_key(['codes.network_code']) }} as network_key,
        cast(codes.network_code as varchar(30)) as network_code,
        cast(coalesce(networks.network_name, codes.network_code) as varchar(100)) as network_name,
        networks.network_code is not null as is_listed,
        networks.is_active
    from codes
    left join networks on codes.network_code = networks.network_code
    union all
    select
        cast(-1 as bigint) as network_key,
        cast(null as varchar(30)) as network_code,
        cast('Unknown' as varchar(100)) as network_name,
        false as is_listed,
        cast(null as boolean) as is_active
)

select * from final
