with

source as (
    select
        file_id,
        line_number,
        column_name,
        reason,
        raw_text,
        source_name,
        table_name,
        rejected_at
    from {{ source('loader', 'rejects') }}
),

final as (
    select
        source_name,
        table_name,
        file_id,
        line_number,
        column_name,
        reason,
        raw_text,
        rejected_at
    from source
)

select * from final
