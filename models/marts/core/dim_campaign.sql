{{ config(dist='all', sort=['campaign_key'], indexes=[{'columns': ['campaign_code']}]) }}

with

versions as (
    select
        campaign_key,
        campaign_code,
        campaign_name,
        advertiser_code,
        objective,
        is_active,
        is_current,
        is_deleted,
        starts_on,
        ends_on,
        valid_from,
        valid_to
    from {{ ref('int_master__campaign_versions') }}
),

own_members as (
    select distinct
        member_key,
        network_code,
        source_id
    from {{ ref('int_members__versions') }}
    where kind = 'campaign' and not is_mapped
),

networks as (
    select
        network_code,
        network_name
    from {{ ref('networks') }}
),

unioned as (
    select
        campaign_key,
        {{ current_key('campaign', 'campaign_code') }} as campaign_current_key,
        campaign_code,
        campaign_name,
        cast(null as varchar(30)) as network_code,
        cast(null as varchar(128)) as source_id,
        advertiser_code,
        objective,
        true as is_mapped,
        is_active,
        is_current,
        is_deleted,
        starts_on,
        ends_on,
        valid_from,
        valid_to
    from versions
    union all
    select
        own_members.member_key as campaign_key,
        own_members.member_key as campaign_current_key,
        cast(null as varchar(64)) as campaign_code,
        {{
            own_member_name(
                'coalesce(networks.network_name, own_members.network_code)',
                'campaign',
                'own_members.source_id',
            )
        }} as campaign_name,
        own_members.network_code,
        own_members.source_id,
        cast(null as varchar(64)) as advertiser_code,
        cast(null as varchar(100)) as objective,
        false as is_mapped,
        cast(null as boolean) as is_active,
        true as is_current,
        false as is_deleted,
        cast(null as date) as starts_on,
        cast(null as date) as ends_on,
        {{ beginning_of_time() }} as valid_from,
        {{ end_of_time() }} as valid_to
    from own_members
    left join networks on own_members.network_code = networks.network_code
    union all
    select
        cast(-1 as bigint) as campaign_key,
        cast(-1 as bigint) as campaign_current_key,
        cast(null as varchar(64)) as campaign_code,
        cast('Unknown' as varchar(255)) as campaign_name,
        cast(null as varchar(30)) as network_code,
        cast(null as varchar(128)) as source_id,
        cast(null as varchar(64)) as advertiser_code,
        cast(null as varchar(100)) as objective,
        false as is_mapped,
        cast(null as boolean) as is_active,
        true as is_current,
        false as is_deleted,
        cast(null as date) as starts_on,
        cast(null as date) as ends_on,
        {{ beginning_of_time() }} as valid_from,
        {{ end_of_time() }} as valid_to
),

final as (
    select
        campaign_key,
        campaign_current_key,
        cast(campaign_code as varchar(64)) as campaign_code,
        cast(campaign_name as varchar(255)) as campaign_name,
        cast(network_code as varchar(30)) as network_code,
        cast(source_id as varchar(128)) as source_id,
        cast(advertiser_code as varchar(64)) as advertiser_code,
        cast(objective as varchar(100)) as objective,
        is_mapped,
        is_active,
        is_current,
        is_deleted,
        starts_on,
        ends_on,
        valid_from,
        valid_to
    from unioned
)

select * from final
