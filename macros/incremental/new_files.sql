{#- The ids of the files that are loaded and of which the current model has no row yet; only of raw tables that the named models
    read, since a file of another never has one and would stay new. An anti join, because engines then keep the few files
    in memory and not the many rows. `known`: a table of the files of which it has rows, where it keeps one. -#}
{% macro new_files(model_names, known=none) -%}
    {%- set sql -%}
        select files.file_id
        from (select * from {{ ref('stg_loader__files') }}) as files
        left join (select distinct file_id from {{ known or this }}) as known on files.file_id = known.file_id
        where
            files.status = 'loaded'
            and known.file_id is null
            and files.table_name in ('{{ landed_tables(model_names) | join("', '") }}')
        order by files.file_id
    {%- endset -%}
    {{ return(first_column(sql)) }}
{%- endmacro %}
