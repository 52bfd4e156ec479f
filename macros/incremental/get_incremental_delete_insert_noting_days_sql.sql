{#- Strategy of incremental models that keep the states of their days, as `keep_noted_days` says: delete and insert by the unique key,
    and note the days of the rows that go and of those that come. An event may have moved to another day. -#}
{% macro get_incremental_delete_insert_noting_days_sql(arg_dict) -%}
    {%- set key = arg_dict['unique_key'] -%}
    {%- set days -%}
        select {{ day_column() }}
        from {{ arg_dict['target_relation'] }}
        where {{ key }} in (select {{ key }} from {{ arg_dict['temp_relation'] }})
        union
        select {{ day_column() }}
        from {{ arg_dict['temp_relation'] }}
    {%- endset -%}
    {{ note_days(days) }};
    {{ get_incremental_delete_insert_sql(arg_dict) }}
{%- endmacro %}
