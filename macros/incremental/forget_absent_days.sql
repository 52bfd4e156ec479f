{#- Hook of a model that is replaced by days: the rows of days that its input had, and has no longer, go. `days`: the relation that
    has a row per day of the input; `known_days`: the one of those that this model was built from. -#}
{% macro forget_absent_days(days, known_days) -%}
    {%- if is_incremental() -%}
        {%- set gone = first_column(
            'select known.date_key from ' ~ known_days ~ ' as known left join ' ~ days
            ~ ' as given on known.date_key = given.date_key where given.date_key is null'
        ) -%}
        {%- if gone -%}
            delete from {{ this }} where {{ in_list('date_key', gone) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
