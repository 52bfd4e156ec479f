{#- The ids of the files of which the current model has rows, and which a newer version has replaced. -#}
{% macro gone_files() -%}
    {{ return(first_column(
        "select distinct file_id from " ~ this
        ~ " where file_id not in (select file_id from " ~ ref('stg_loader__files')
        ~ " where status = 'loaded') order by file_id"
    )) }}
{%- endmacro %}
