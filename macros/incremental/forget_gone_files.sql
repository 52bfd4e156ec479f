{#- Post-hook of a model that keeps rows by file: rows of a file that the loader has since replaced go. A model
    that was just built anew has none of them. -#}
{% macro forget_gone_files() -%}
    {%- if is_incremental() -%}
        {%- set gone = gone_files() -%}
        {%- if gone -%}
            delete from {{ this }} where {{ in_list('file_id', gone) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
