{#- The ids of the files of which the current model has rows, and which a newer version has replaced. `known`: a table of the
    files of which it has rows, where it keeps one. -#}
{% macro gone_files(known=none) -%}
    {%- set sql -%}
        select known.file_id
        from (select distinct file_id from {{ known or this }}) as known
        left join (select * from {{ ref('stg_loader__files') }}) as files
            on known.file_id = files.file_id and files.status = 'loaded'
        where files.file_id is null
        order by known.file_id
    {%- endset -%}
    {{ return(first_column(sql)) }}
{%- endmacro %}
