{#- Pre-hook of int_visitors__stitched, after `find_outdated_visitors`: what is stitched anew goes first. Some of it may be linked no longer. -#}
{% macro forget_outdated_visitors() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where identifier_id in (select identifier_id from {{ visitors_to_stitch() }})
    {%- endif -%}
{%- endmacro %}
