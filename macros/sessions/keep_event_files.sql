{#- Post-hook of int_sessions__received: keeps the files of which it has rows, and lets those go that the loader has replaced, with
    their rows; the days of these are noted. -#}
{% macro keep_event_files() -%}
    {%- set files = known_files() -%}
    {%- if is_incremental() -%}
        {%- set gone = gone_files(files) -%}
        {%- set arrived = event_files() -%}
        {%- if gone -%}
            {%- do run_query(forget_rows(in_list('file_id', gone))) -%}
            {%- do run_query('delete from ' ~ files ~ ' where ' ~ in_list('file_id', gone)) -%}
        {%- endif -%}
        {%- if arrived -%}
            insert into {{ files }}
            select distinct file_id
            from {{ this }}
            where {{ in_list('file_id', arrived) }}
        {%- endif -%}
    {%- else -%}
        {%- do run_query('drop table if exists ' ~ files) -%}
        create table {{ files }} as select distinct file_id from {{ this }}
    {%- endif -%}
{%- endmacro %}
