with

observed as (
    select
        {% for column in observed_commission_columns() if column != 'pulled_at' %}
            {{ column }},
        {% endfor %}
        commission_key,
        feed,
        network_code,
        pulled_at
    from {{ ref('int_commissions__observed') }}
),

files as (
    select
        file_id,
        table_name,
        content_hash,
        status,
        rejected,
        modified_at
    from {{ ref('stg_loader__files') }}
),

-- Of files with the same content the one that was written first counts, in whatever order they were
-- loaded.
written as (
    select
        loaded.file_id,
        max(loaded.rejected) as rejected_records,
        min(same.modified_at) as modified_at
    from files as loaded
    inner join files as same
        on
            loaded.table_name = same.table_name
            and loaded.content_hash = same.content_hash
            and same.status in ('loaded', 'duplicate')
    where loaded.status = 'loaded'
    group by loaded.file_id
),

final as (
    select
        {% for column in observed_commission_columns() if column != 'pulled_at' %}
            observed.{{ column }},
        {% endfor %}
        observed.commission_key,
        observed.feed,
        observed.network_code,
        written.rejected_records,
        -- A pull that does not name its moment in its path was made when its file was written.
        coalesce(observed.pulled_at, written.modified_at) as pulled_at
    from observed
    left join written on observed.file_id = written.file_id
)

select * from final
