{#- The id that dbt gives a row of a snapshot, as dbt makes it, with its length: Redshift would infer one from the
    first rows. -#}
{% macro default__snapshot_hash_arguments(args) -%}
    cast(md5(
        {%- for arg in args -%}
            coalesce(cast({{ arg }} as varchar(256)), '') {%- if not loop.last %} || '|' || {% endif -%}
        {%- endfor -%}
    ) as varchar(32))
{%- endmacro %}
