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

{%- set arrived = new_files() if is_incremental() else [] %}
{%- set gone = gone_files() if is_incremental() else [] %}

with

clicks as (
    select
        {{ dimension_key(['source_name', 'event_id']) }} as click_id,
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

final as (
    select
        click_id,
        file_id,
        line_number,
        cast(
            row_number() over (
                partition by click_id
                order by clicked_at, file_id, line_number
            ) as integer
        ) as copy_number,
        cast(count(*) over (partition by click_id) as integer) as copies,
        date_key,
        clicked_at
    from records
)

select * from final
