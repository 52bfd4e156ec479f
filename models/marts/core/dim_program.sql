{{ config(dist='all', sort=['program_key'], indexes=[{'columns': ['program_code']}]) }}

with

versions as (
    select
        program_key,
        program_code,
        program_name,
        network_code,
        advertiser_code,
        currency_code,
        time_zone,
        commission_rate,
        cookie_days,
        lock_days,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from {{ ref('int_master__program_versions') }}
),

own_members as (
    select distinct
        member_key,
        network_code,
        source_id
    from {{ ref('int_members__versions') }}
    where kind = 'program' and not is_mapped
),

networks as (
    select
        network_code,
        network_name
    from {{ ref('networks') }}
),

unioned as (
    select
        program_key,
        {{ current_key('program', 'program_code') }} as program_current_key,
        program_code,
        program_name,
        network_code,
        cast(null as varchar(128)) as source_id,
        advertiser_code,
        currency_code,
        time_zone,
        commission_rate,
        cookie_days,
        lock_days,
        true as is_mapped,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from versions
    union all
    select
        own_members.member_key as program_key,
        own_members.member_key as program_current_key,
        cast(null as varchar(64)) as program_code,
        {{
            own_member_name(
                'coalesce(networks.network_name, own_members.network_code)',
                'program',
                'own_members.source_id',
            )
        }} as program_name,
        own_members.network_code,
        own_members.source_id,
        cast(null as varchar(64)) as advertiser_code,
        cast(null as varchar(3)) as currency_code,
        cast(null as varchar(63)) as time_zone,
        cast(null as numeric(9, 6)) as commission_rate,
        cast(null as integer) as cookie_days,
        cast(null as integer) as lock_days,
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
        cast(-1 as bigint) as program_key,
        cast(-1 as bigint) as program_current_key,
        cast(null as varchar(64)) as program_code,
        cast('Unknown' as varchar(255)) as program_name,
        cast(null as varchar(30)) as network_code,
        cast(null as varchar(128)) as source_id,
        cast(null as varchar(64)) as advertiser_code,
        cast(null as varchar(3)) as currency_code,
        cast(null as varchar(63)) as time_zone,
        cast(null as numeric(9, 6)) as commission_rate,
        cast(null as integer) as cookie_days,
        cast(null as integer) as lock_days,
        false as is_mapped,
        cast(null as boolean) as is_active,
        true as is_current,
        false as is_deleted,
        {{ beginning_of_time() }} as valid_from,
        {{ end_of_time() }} as valid_to
),

final as (
    select
        program_key,
        program_current_key,
        cast(program_code as varchar(64)) as program_code,
        cast(program_name as varchar(255)) as program_name,
        cast(network_code as varchar(30)) as network_code,
        cast(source_id as varchar(128)) as source_id,
        cast(advertiser_code as varchar(64)) as advertiser_code,
        cast(currency_code as varchar(3)) as currency_code,
        cast(time_zone as varchar(63)) as time_zone,
        cast(commission_rate as numeric(9, 6)) as commission_rate,
        cast(cookie_days as integer) as cookie_days,
        cast(lock_days as integer) as lock_days,
        is_mapped,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from unioned
)

select * from final
