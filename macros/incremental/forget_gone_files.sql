{#- Post-hook of a model that keeps rows by file: rows of a file that the loader has since replaced go. -#}
{% macro forget_gone_files() -%}
    delete from {{ this }}
    where
        file_id not in (
            select file_id from {{ ref('stg_loader__files') }} where status = 'loaded'
        )
{%- endmacro %}
