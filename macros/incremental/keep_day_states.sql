{#- Post-hook of a model that keeps the states of its days: adds those that `forget_day_states` took away, and those of new days.
    `columns`: aggregates over the rows of a day; `days`: a relation with the `date_key` of every day that there may be. A day that
    it no longer has loses its state. -#}
{% macro keep_day_states(columns, days) -%}
    {%- set states = day_states() -%}
    {%- if is_incremental() -%}
        {%- do run_query(
            'delete from ' ~ states ~ ' where date_key not in (select date_key from ' ~ days ~ ')'
        ) -%}
        {%- set missing = first_column(
            'select wanted.date_key from (select date_key from ' ~ days ~ ') as wanted left join '
            ~ states ~ ' as kept on wanted.date_key = kept.date_key where kept.date_key is null'
        ) -%}
        insert into {{ states }}
        select
            date_key,
            {{ columns }}
        from {{ this }}
        where {{ in_list('date_key', missing) }}
        group by date_key
    {%- else -%}
        create table {{ states }} as
        select
            date_key,
            {{ columns }}
        from {{ this }}
        group by date_key
    {%- endif -%}
{%- endmacro %}
