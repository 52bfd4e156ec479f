{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='click_id',
        on_schema_change='fail',
        contract={'enforced': true},
        dist='click_id',
        sort=['date_key'],
        post_hook="{{ forget_gone_files() }}",
    )
}}

-- depends_on: {{ ref('stg_loader__files') }}

{%- set arrived = new_files(['int_clicks__unioned']) if is_incremental() else [] %}
{%- set gone = gone_files() if is_incremental() else [] %}

with

clicks as (
    select
        {{ dimension_key(['source_name', 'event_id'], plain=['source_name']) }} as click_id,
        file_id,
        line_number,
        clicked_at,
        {{ reporting_date_key('clicked_at') }} as date_key
    from {{ ref('int_clicks__unioned') }}
    {% if is_incremental() %}
        where {{ in_list('file_id', arrived) }}
    {% endif %}
),

records as (
    select
        click_id,
        file_id,
        line_number,
        clicked_at,
        date_key
    from clicks
    {% if arrived or gone %}
        union all
        -- The copies already known of the clicks that arrived again, and of those that lost a copy
        -- because its file was replaced: they are numbered anew.
        select
            click_id,
            file_id,
            line_number,
            clicked_at,
            date_key
        from {{ this }}
        where
            not ({{ in_list('file_id', gone) }})
            and click_id in (
                select clicks.click_id
                from clicks
                union
                select replaced.click_id
                from {{ this }} as replaced
                where replaced.copies > 1 and {{ in_list('replaced.file_id', gone) }}
            )
    {% endif %}
),

-- Few clicks come more than once: only their records are put in order.
repeated as (
    select click_id
    from records
    group by click_id
    having count(*) > 1
),

numbered as (
    select
        records.file_id,
        records.line_number,
        row_number() over (
            partition by records.click_id
            order by records.clicked_at, records.file_id, records.line_number
        ) as copy_number,
        count(*) over (partition by records.click_id) as copies
    from records
    inner join repeated on records.click_id = repeated.click_id
),

final as (
    select
        records.click_id,
        records.file_id,
        records.line_number,
        cast(coalesce(numbered.copy_number, 1) as integer) as copy_number,
        cast(coalesce(numbered.copies, 1) as integer) as copies,
        records.date_key,
        records.clicked_at
    from records
    left join numbered
        on
            records.file_id = numbered.file_id
            and records.line_number = numbered.line_number
)

select * from final
