{#- Last post-hook of a model that notes the days on which it changes: gives these their states anew, in the transaction of the build. A day
    without rows loses its state. `columns`: an aggregate over the rows of a day by the name of each, the first of them a
    count; `condition`: which rows count. -#}
{% macro keep_noted_days(columns, condition='1 = 1') -%}
    {%- set states = day_states() -%}
    {%- set aggregates = [] -%}
    {%- for name, aggregate in columns.items() -%}
        {%- do aggregates.append('cast(' ~ aggregate ~ ' as numeric(38, 0)) as ' ~ name) -%}
    {%- endfor -%}
    {%- set noted = [] -%}
    {%- if is_incremental() -%}
        {%- set noted = first_column(
            'select distinct date_key from ' ~ states ~ ' where ' ~ (columns | first) ~ ' is null'
        ) -%}
        {%- if noted -%}
            {%- do run_query('delete from ' ~ states ~ ' where ' ~ in_list('date_key', noted)) -%}
        {%- endif -%}
    {%- else -%}
        {%- do run_query('drop table if exists ' ~ states) -%}
    {%- endif -%}
    {%- if noted or not is_incremental() -%}
        {{ 'insert into ' ~ states if is_incremental() else 'create table ' ~ states ~ ' as' }}
        select
            {{ day_column() }} as date_key,
            {{ aggregates | join(', ') }}
        from {{ this }}
        where
            {{ condition }}
            {%- if is_incremental() %}
            and {{ in_list(day_column(), noted) }}
            {%- endif %}
        group by {{ day_column() }}
    {%- endif -%}
{%- endmacro %}
