{#- Pre-hook of a model that may have fewer rows of a key that it works out again: asks once which keys these are, keeps the answer for
    the model (`outdated_keys`), and deletes what it has of them. `outdated`: a macro that gives the query of the keys. -#}
{% macro forget_outdated(column, outdated) -%}
    {%- if is_incremental() -%}
        {%- do run_query('drop table if exists ' ~ outdated_keys()) -%}
        {%- do run_query(
            'create table ' ~ outdated_keys() ~ ' as select distinct * from (' ~ outdated() ~ ') as outdated'
        ) -%}
        delete from {{ this }} where {{ column }} in (select {{ column }} from {{ outdated_keys() }})
    {%- endif -%}
{%- endmacro %}
