{#- The ids of the files that are loaded and of which the current model has no row yet. -#}
{% macro new_files() -%}
    {{ return(first_column(
        "select file_id from " ~ ref('stg_loader__files')
        ~ " where status = 'loaded' and file_id not in (select file_id from " ~ this ~ ") order by file_id"
    )) }}
{%- endmacro %}
