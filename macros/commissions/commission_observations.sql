{#- All observations of commissions, as a subquery, with the number of records of their file that were rejected. A
    pull that does not name its moment in its path was made when its file was written; of files with the same
    content, the one that was written first counts, in whatever order they were loaded. `until`: an SQL timestamp;
    only what had been pulled by then. -#}
{% macro commission_observations(until=none) -%}
    (
        select * from (
            select
                {% for column in observed_commission_columns() if column != 'pulled_at' -%}
                observed.{{ column }},
                {% endfor -%}
                observed.commission_key,
                observed.feed,
                observed.network_code,
                coalesce(observed.pulled_at, files.modified_at) as pulled_at,
                files.rejected as rejected_records
            from (select * from {{ ref('int_commissions__observed') }}) as observed
            left join (
                select
                    loaded.file_id,
                    max(loaded.rejected) as rejected,
                    min(same.modified_at) as modified_at
                from (select * from {{ ref('stg_loader__files') }}) as loaded
                inner join (select * from {{ ref('stg_loader__files') }}) as same
                    on
                        loaded.table_name = same.table_name
                        and loaded.content_hash = same.content_hash
                        and same.status in ('loaded', 'duplicate')
                where loaded.status = 'loaded'
                group by loaded.file_id
            ) as files
                on observed.file_id = files.file_id
        ) as pulled
        {% if until is not none -%}
        where pulled.pulled_at <= {{ until }}
        {%- endif %}
    )
{%- endmacro %}
