with

source as (
    select
        file_id,
        source_name,
        table_name,
        path,
        file_format,
        compression,
        size_bytes,
        content_hash,
        status,
        reason,
        records,
        accepted,
        rejected,
        unknown_columns,
        batch_id,
        modified_at,
        started_at,
        loaded_at
    from {{ source('loader', 'files') }}
),

final as (
    select
        file_id,
        source_name,
        table_name,
        path,
        content_hash,
        file_format,
        compression,
        status,
        reason,
        unknown_columns,
        batch_id,
        size_bytes,
        records,
        accepted,
        rejected,
        modified_at,
        started_at,
        loaded_at
    from source
)

select * from final
