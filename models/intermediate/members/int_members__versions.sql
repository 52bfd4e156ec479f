{{
    config(
        materialized='table',
        contract={'enforced': true},
        dist='all',
        indexes=[{'columns': ['kind', 'network_code', 'source_id']}],
    )
}}

{%- set mapped_kinds = ['advertiser', 'partner', 'program', 'campaign'] %}

with

channels as (
    select
        channel_code,
        channel_current_key
    from {{ ref('int_master__channel_versions') }}
    where is_current
),

partners as (
    select
        partner_key,
        channel_code
    from {{ ref('int_master__partner_versions') }}
),

-- The channel of a partner only where there is one of that code.
partner_channels as (
    select
        partners.partner_key,
        channels.channel_current_key
    from partners
    inner join channels on partners.channel_code = channels.channel_code
),

master_versions as (
    {% for kind in mapped_kinds %}
        select
            '{{ kind }}' as kind,
            {{ kind }}_code as code,
            {{ kind }}_key as member_key,
            {{ current_key(kind, kind ~ '_code') }} as current_key,
            valid_from,
            valid_to
        from {{ ref('int_master__' ~ kind ~ '_versions') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

crosswalk as (
    select
        kind,
        network_code,
        source_id,
        code,
        is_deleted,
        valid_from,
        valid_to
    from {{ ref('int_master__crosswalk_versions') }}
),

seen as (
    select
        kind,
        network_code,
        source_id
    from {{ ref('int_clicks__members') }}
    union
    select
        kind,
        network_code,
        source_id
    from {{ ref('int_money__members') }}
    union
    select
        kind,
        network_code,
        source_id
    from crosswalk
),

-- Where an id is mapped to a record that exists: the record's versions, cut to the mapping.
mapped as (
    select
        crosswalk.kind,
        crosswalk.network_code,
        crosswalk.source_id,
        master_versions.member_key,
        master_versions.current_key,
        greatest(crosswalk.valid_from, master_versions.valid_from) as valid_from,
        least(crosswalk.valid_to, master_versions.valid_to) as valid_to
    from crosswalk
    inner join master_versions
        on
            crosswalk.kind = master_versions.kind
            and crosswalk.code = master_versions.code
            and crosswalk.valid_from < master_versions.valid_to
            and crosswalk.valid_to > master_versions.valid_from
    where not crosswalk.is_deleted
),

mapped_in_order as (
    select
        kind,
        network_code,
        source_id,
        valid_to,
        coalesce(
            lead(valid_from) over (
                partition by kind, network_code, source_id
                order by valid_from
            ),
            {{ end_of_time() }}
        ) as next_valid_from
    from mapped
),

first_mapped as (
    select
        kind,
        network_code,
        source_id,
        min(valid_from) as valid_from
    from mapped
    group by kind, network_code, source_id
),

-- Everywhere else the id is a member of its own.
unmapped as (
    select
        seen.kind,
        seen.network_code,
        seen.source_id,
        {{ beginning_of_time() }} as valid_from,
        coalesce(first_mapped.valid_from, {{ end_of_time() }}) as valid_to
    from seen
    left join first_mapped
        on
            seen.kind = first_mapped.kind
            and seen.network_code = first_mapped.network_code
            and seen.source_id = first_mapped.source_id
    union all
    select
        kind,
        network_code,
        source_id,
        valid_to as valid_from,
        next_valid_from as valid_to
    from mapped_in_order
),

unioned as (
    select
        kind,
        network_code,
        source_id,
        member_key,
        current_key,
        true as is_mapped,
        valid_from,
        valid_to
    from mapped
    union all
    select
        kind,
        network_code,
        source_id,
        {{ dimension_key(['kind', 'network_code', 'source_id']) }} as member_key,
        {{ dimension_key(['kind', 'network_code', 'source_id']) }} as current_key,
        false as is_mapped,
        valid_from,
        valid_to
    from unmapped
    where valid_from < valid_to
),

final as (
    select
        cast(unioned.kind as varchar(20)) as kind,
        cast(unioned.network_code as varchar(30)) as network_code,
        cast(unioned.source_id as varchar(128)) as source_id,
        unioned.member_key,
        unioned.current_key,
        partner_channels.channel_current_key,
        unioned.is_mapped,
        unioned.valid_from,
        unioned.valid_to
    from unioned
    left join partner_channels on unioned.member_key = partner_channels.partner_key
)

select * from final
