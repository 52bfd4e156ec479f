{#- The ids of the files that are loaded and of which the current model has no row yet; those of some raw tables
    only, where the model reads no others. An anti join, because engines then keep the few files in memory and
    not the many rows. `known`: a table of the files of which it has rows, where it keeps one. -#}
{% macro new_files(tables=[], known=none) -%}
    {%- set sql -%}
        select files.file_id
        from (select * from {{ ref('stg_loader__files') }}) as files
        left join (select distinct file_id from {{ known or this }}) as known on files.file_id = known.file_id
        where
            files.status = 'loaded'
            and known.file_id is null
            {%- if tables %}
            and files.table_name in ('{{ tables | join("', '") }}')
            {%- endif %}
        order by files.file_id
    {%- endset -%}
    {{ return(first_column(sql)) }}
{%- endmacro %}
