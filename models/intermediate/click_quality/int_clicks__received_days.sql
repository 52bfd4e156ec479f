{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

received as (
    select
        click_id,
        file_id,
        line_number,
        copy_number,
        copies,
        date_key
    from {{ ref('int_clicks__received') }}
),

clicks as (
    select
        date_key,
        {{ day_fingerprint() }}
    from received
    where copy_number = 1
    group by date_key
),

-- Rules look at all copies of a click; they belong to the day of the one that counts.
repeated as (
    select
        click_id,
        max(case when copy_number = 1 then date_key end) as date_key,
        sum(mod(file_id, 1000003) * line_number) as lines
    from received
    where copies > 1
    group by click_id
),

copies as (
    select
        date_key,
        sum(lines) as lines
    from repeated
    group by date_key
),

final as (
    select
        clicks.date_key,
        cast(clicks.records as bigint) as records,
        cast(clicks.click_ids as numeric(38, 0)) as click_ids,
        cast(clicks.lines as numeric(38, 0)) as lines,
        cast(coalesce(copies.lines, 0) as numeric(38, 0)) as copied_lines
    from clicks
    left join copies on clicks.date_key = copies.date_key
)

select * from final
