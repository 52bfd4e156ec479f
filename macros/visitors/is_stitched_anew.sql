{#- A condition on the identifiers of int_visitors__stitched that may have another visitor than the one that int_sessions__events
    was built from. -#}
{% macro is_stitched_anew() -%}
    {%- set all = 'select count(*) from ' ~ stitched_anew() ~ ' where identifier_id is null' -%}
    {%- if first_column(all) == [0] -%}
        identifier_id in (select identifier_id from {{ stitched_anew() }})
    {%- else -%}
        1 = 1
    {%- endif -%}
{%- endmacro %}
