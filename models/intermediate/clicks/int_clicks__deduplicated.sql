with

clicks as (
    select *
    from {{ ref('int_clicks__unioned') }}
),

-- Few rows: so the wide side is filtered by a small hash table and never sorted.
redundant_copies as (
    select
        file_id,
        line_number
    from {{ ref('int_clicks__received') }}
    where copy_number > 1
),

final as (
    select
        {{ dimension_key(['clicks.source_name', 'clicks.event_id']) }} as click_id,
        {{ reporting_date_key('clicks.clicked_at') }} as date_key,
        clicks.*
    from clicks
    left join redundant_copies
        on
            clicks.file_id = redundant_copies.file_id
            and clicks.line_number = redundant_copies.line_number
    where redundant_copies.file_id is null
)

select * from final
