{{ config(dist='all', sort=['partner_key'], indexes=[{'columns': ['partner_code']}]) }}

with

versions as (
    select
        partner_key,
        partner_code,
        partner_name,
        channel_code,
        country_code,
        partner_type,
        website_domain,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from {{ ref('int_master__partner_versions') }}
),

own_members as (
    select distinct
        member_key,
        network_code,
        source_id
    from {{ ref('int_members__versions') }}
    where kind = 'partner' and not is_mapped
),

networks as (
    select
        network_code,
        network_name
    from {{ ref('networks') }}
),

unioned as (
    select
        partner_key,
        {{ current_key('partner', 'partner_code') }} as partner_current_key,
        partner_code,
        partner_name,
        cast(null as varchar(30)) as network_code,
        cast(null as varchar(128)) as source_id,
        channel_code,
        country_code,
        partner_type,
        website_domain,
        true as is_mapped,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from versions
    union all
    select
        own_members.member_key as partner_key,
        own_members.member_key as partner_current_key,
        cast(null as varchar(64)) as partner_code,
        {{
            own_member_name(
                'coalesce(networks.network_name, own_members.network_code)',
                'partner',
                'own_members.source_id',
            )
        }} as partner_name,
        own_members.network_code,
        own_members.source_id,
        cast(null as varchar(64)) as channel_code,
        cast(null as varchar(2)) as country_code,
        cast(null as varchar(50)) as partner_type,
        cast(null as varchar(255)) as website_domain,
        false as is_mapped,
        cast(null as boolean) as is_active,
        true as is_current,
        false as is_deleted,
        {{ beginning_of_time() }} as valid_from,
        {{ end_of_time() }} as valid_to
    from own_members
    left join networks on own_members.network_code = networks.network_code
    union all
    select
        cast(-1 as bigint) as partner_key,
        cast(-1 as bigint) as partner_current_key,
        cast(null as varchar(64)) as partner_code,
        cast('Unknown' as varchar(255)) as partner_name,
        cast(null as varchar(30)) as network_code,
        cast(null as varchar(128)) as source_id,
        cast(null as varchar(64)) as channel_code,
        cast(null as varchar(2)) as country_code,
        cast(null as varchar(50)) as partner_type,
        cast(null as varchar(255)) as website_domain,
        false as is_mapped,
        cast(null as boolean) as is_active,
        true as is_current,
        false as is_deleted,
        {{ beginning_of_time() }} as valid_from,
        {{ end_of_time() }} as valid_to
),

final as (
    select
        partner_key,
        partner_current_key,
        cast(partner_code as varchar(64)) as partner_code,
        cast(partner_name as varchar(255)) as partner_name,
        cast(network_code as varchar(30)) as network_code,
        cast(source_id as varchar(128)) as source_id,
        cast(channel_code as varchar(64)) as channel_code,
        cast(country_code as varchar(2)) as country_code,
        cast(partner_type as varchar(50)) as partner_type,
        cast(website_domain as varchar(255)) as website_domain,
        is_mapped,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from unioned
)

select * from final
