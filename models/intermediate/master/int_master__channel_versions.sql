{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

-- What each channel was before anybody changed it: the first of its records, for all time.
seeded as (
    select
        cast(0 as bigint) as history_id,
        {{ beginning_of_time() }} as recorded_at,
        cast('+' as varchar(1)) as change_type,
        {{ beginning_of_time() }} as effective_from,
        channel_code,
        channel_name,
        parent_channel_code,
        sort_order,
        is_paid,
        description as channel_description,
        true as is_active,
        cast(0 as bigint) as file_id,
        cast(0 as bigint) as line_number
    from {{ ref('channels') }}
),

published as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        code as channel_code,
        name as channel_name,
        parent_channel_code,
        sort_order,
        is_paid,
        description as channel_description,
        is_active,
        file_id,
        line_number
    from {{ ref('stg_master_data__channel_history') }}
),

history as (
    select * from seeded
    union all
    select * from published
),

versions as (
    {{
        scd2(
            'history',
            record_key=['channel_code'],
            fields=[
                'channel_name',
                'parent_channel_code',
                'sort_order',
                'is_paid',
                'channel_description',
                'is_active',
            ],
        ) | indent(4)
    }}
),

final as (
    select
        {{ version_key('channel', 'channel_code', 'valid_from') }} as channel_key,
        {{ current_key('channel', 'channel_code') }} as channel_current_key,
        cast(channel_code as varchar(64)) as channel_code,
        cast(channel_name as varchar(255)) as channel_name,
        cast(parent_channel_code as varchar(64)) as parent_channel_code,
        cast(channel_description as varchar(255)) as channel_description,
        sort_order,
        is_paid,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from versions
)

select * from final
