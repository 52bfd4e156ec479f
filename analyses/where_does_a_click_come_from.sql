-- "Which line of which file is this click, and was it delivered more than once?"
-- Set the click's id; one row per record that was received of it, the counted one first.
{%- set click_id = var('click_id', 0) %}

with

records as (
    select
        click_id,
        copy_number,
        file_id,
        line_number,
        clicked_at
    from {{ ref('int_clicks__received') }}
    where click_id = {{ click_id }}
),

files as (
    select
        file_id,
        path,
        loaded_at
    from {{ ref('stg_loader__files') }}
    where status = 'loaded'
),

final as (
    select
        records.click_id,
        records.copy_number,
        files.path,
        records.line_number,
        records.clicked_at,
        files.loaded_at
    from records
    inner join files on records.file_id = files.file_id
)

select * from final
order by copy_number
