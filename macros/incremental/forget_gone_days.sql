{#- Hook of a fact that is replaced by days: a day that its input no longer has at all goes. A fact that
    was just built anew has none of them. Before the build where keys are unique: what left that day may be
    on another. `condition`: which rows of the input count; a day of which only copies are left is gone, too. -#}
{% macro forget_gone_days(input, condition='1 = 1', day='date_key') -%}
    {%- if is_incremental() -%}
        {%- set sql -%}
            select known.date_key
            from (select distinct date_key from {{ this }}) as known
            left join (select distinct {{ day }} from {{ input }} where {{ condition }}) as given
                on known.date_key = given.{{ day }}
            where given.{{ day }} is null
        {%- endset -%}
        {%- set gone = first_column(sql) -%}
        {%- if gone -%}
            delete from {{ this }} where {{ in_list('date_key', gone) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
