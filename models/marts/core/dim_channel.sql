{{ config(dist='all', sort=['channel_key'], indexes=[{'columns': ['channel_code']}]) }}

with

channels as (
    select
        channel_code,
        channel_name,
        parent_channel_code,
        sort_order,
        is_paid,
        description
    from {{ ref('channels') }}
),

final as (
    select
        {{ dimension_key(['channels.channel_code']) }} as channel_key,
        cast(channels.channel_code as varchar(30)) as channel_code,
        cast(channels.channel_name as varchar(50)) as channel_name,
        cast(channels.parent_channel_code as varchar(30)) as parent_channel_code,
        cast(coalesce(parents.channel_name, channels.channel_name) as varchar(50))
            as channel_group_name,
        cast(channels.description as varchar(255)) as channel_description,
        cast(case when parents.channel_code is null then 1 else 2 end as integer) as channel_level,
        cast(channels.sort_order as integer) as sort_order,
        channels.is_paid
    from channels
    left join channels as parents on channels.parent_channel_code = parents.channel_code
    union all
    select
        cast(-1 as bigint) as channel_key,
        cast(null as varchar(30)) as channel_code,
        cast('Unknown' as varchar(50)) as channel_name,
        cast(null as varchar(30)) as parent_channel_code,
        cast('Unknown' as varchar(50)) as channel_group_name,
        cast(null as varchar(255)) as channel_description,
        cast(1 as integer) as channel_level,
        cast(999 as integer) as sort_order,
        cast(null as boolean) as is_paid
)

select * from final
