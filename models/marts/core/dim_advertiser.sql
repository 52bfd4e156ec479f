{{ config(dist='all', sort=['advertiser_key'], indexes=[{'columns': ['advertiser_code']}]) }}

with

versions as (
    select
        advertiser_key,
        advertiser_code,
        advertiser_name,
        country_code,
        reporting_currency_code,
        group_code,
        vertical,
        website_domain,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from {{ ref('int_master__advertiser_versions') }}
),

-- A group has the name of today for all time; that an advertiser is in it is versioned.
advertiser_groups as (
    select
        group_code,
        group_name
    from {{ ref('int_master__advertiser_group_versions') }}
    where is_current
),

-- Today's calendar for all time; of two of one advertiser, or of everybody, the first by code.
fiscal_calendars as (
    select
        advertiser_code,
        min(fiscal_calendar_code) as fiscal_calendar_code
    from {{ ref('int_master__fiscal_calendar_versions') }}
    where is_current and is_active and not is_deleted
    group by advertiser_code
),

calendar_of_everybody as (
    select max(fiscal_calendar_code) as fiscal_calendar_code
    from fiscal_calendars
    where advertiser_code is null
),

own_members as (
    select distinct
        member_key,
        network_code,
        source_id
    from {{ ref('int_members__versions') }}
    where kind = 'advertiser' and not is_mapped
),

networks as (
    select
        network_code,
        network_name
    from {{ ref('networks') }}
),

unioned as (
    select
        advertiser_key,
        {{ current_key('advertiser', 'advertiser_code') }} as advertiser_current_key,
        advertiser_code,
        advertiser_name,
        cast(null as varchar(30)) as network_code,
        cast(null as varchar(128)) as source_id,
        country_code,
        reporting_currency_code,
        group_code,
        vertical,
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
        own_members.member_key as advertiser_key,
        own_members.member_key as advertiser_current_key,
        cast(null as varchar(64)) as advertiser_code,
        {{
            own_member_name(
                'coalesce(networks.network_name, own_members.network_code)',
                'advertiser',
                'own_members.source_id',
            )
        }} as advertiser_name,
        own_members.network_code,
        own_members.source_id,
        cast(null as varchar(2)) as country_code,
        cast(null as varchar(3)) as reporting_currency_code,
        cast(null as varchar(64)) as group_code,
        cast(null as varchar(100)) as vertical,
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
        cast(-1 as bigint) as advertiser_key,
        cast(-1 as bigint) as advertiser_current_key,
        cast(null as varchar(64)) as advertiser_code,
        cast('Unknown' as varchar(255)) as advertiser_name,
        cast(null as varchar(30)) as network_code,
        cast(null as varchar(128)) as source_id,
        cast(null as varchar(2)) as country_code,
        cast(null as varchar(3)) as reporting_currency_code,
        cast(null as varchar(64)) as group_code,
        cast(null as varchar(100)) as vertical,
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
        unioned.advertiser_key,
        unioned.advertiser_current_key,
        cast(unioned.advertiser_code as varchar(64)) as advertiser_code,
        cast(unioned.advertiser_name as varchar(255)) as advertiser_name,
        cast(unioned.network_code as varchar(30)) as network_code,
        cast(unioned.source_id as varchar(128)) as source_id,
        cast(unioned.country_code as varchar(2)) as country_code,
        cast(unioned.reporting_currency_code as varchar(3)) as reporting_currency_code,
        cast(unioned.group_code as varchar(64)) as group_code,
        cast(coalesce(advertiser_groups.group_name, unioned.group_code) as varchar(255))
            as group_name,
        cast(unioned.vertical as varchar(100)) as vertical,
        cast(unioned.website_domain as varchar(255)) as website_domain,
        cast(
            coalesce(
                fiscal_calendars.fiscal_calendar_code, calendar_of_everybody.fiscal_calendar_code
            ) as varchar(64)
        ) as fiscal_calendar_code,
        unioned.is_mapped,
        unioned.is_active,
        unioned.is_current,
        unioned.is_deleted,
        unioned.valid_from,
        unioned.valid_to
    from unioned
    left join advertiser_groups on unioned.group_code = advertiser_groups.group_code
    left join fiscal_calendars on unioned.advertiser_code = fiscal_calendars.advertiser_code
    cross join calendar_of_everybody
)

select * from final
