{#- Last post-hook of a model that notes the days on which it changes: gives these their states anew, in the transaction of the build. A day
    without rows loses its state. `columns`: aggregates over the rows of a day, among them a count called records; `condition`: which
    rows count. -#}
{% macro keep_noted_days(columns, condition='1 = 1') -%}
    {%- set states = day_states() -%}
    {%- set noted = [] -%}
    {%- if is_incremental() -%}
        {%- set noted = first_column('select distinct date_key from ' ~ states ~ ' where records is null') -%}
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
            {{ columns }}
        from {{ this }}
        where
            {{ condition }}
            {%- if is_incremental() %}
            and {{ in_list(day_column(), noted) }}
            {%- endif %}
        group by {{ day_column() }}
    {%- endif -%}
{%- endmacro %}
