{#- Post-hook of int_visitors__stitched: notes what this build has stitched anew for int_sessions__events, whose hook
    `remember_stitches` strikes it off. -#}
{% macro note_stitched_anew() -%}
    {%- set noted = this.incorporate(path={'identifier': this.identifier ~ '__anew'}) -%}
    {%- if is_incremental() -%}
        insert into {{ noted }} (identifier_id)
        select identifier_id
        from {{ outdated_keys() }}
    {%- else -%}
        drop table if exists {{ noted }};
        create table {{ noted }} as select cast(null as bigint) as identifier_id
    {%- endif -%}
{%- endmacro %}
