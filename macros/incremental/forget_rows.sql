{#- A statement that deletes rows of the current model; where it keeps the states of its days, theirs are noted before. -#}
{% macro forget_rows(condition) -%}
    {%- set rows = this ~ ' where ' ~ condition -%}
    {%- if config.get('incremental_strategy') == 'delete_insert_noting_days' -%}
        {%- do run_query(note_days('select distinct ' ~ day_column() ~ ' from ' ~ rows)) -%}
    {%- endif -%}
    delete from {{ rows }}
{%- endmacro %}
