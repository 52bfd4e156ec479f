{#- Counts both sides by the whole row: a row that is missing on a side, is there twice, or differs in any
    value is returned. -#}
{% test open_rows_equal(model, columns_of, present, condition) %}
    {%- set columns = ['no_column'] -%}
    {%- if execute -%}
        {%- set columns = adapter.get_columns_in_relation(columns_of)
            | map(attribute='name') | map('lower') | list -%}
    {%- endif %}
    with

    open_rows as (
        select
            {{ columns | join(',\n            ') }},
            1 as in_snapshot,
            0 as in_present
        from {{ model }}
        where known_to = {{ end_of_time() }}
    ),

    present_rows as (
        select
            {{ columns | join(',\n            ') }},
            0 as in_snapshot,
            1 as in_present
        from {{ present }}
        where {{ condition }}
    ),

    both_sides as (
        select * from open_rows
        union all
        select * from present_rows
    )

    select
        {{ columns | join(',\n        ') }},
        sum(in_snapshot) as in_snapshot,
        sum(in_present) as in_present
    from both_sides
    group by
        {{ columns | join(',\n        ') }}
    having
        sum(in_snapshot) != 1
        or sum(in_present) != 1
{% endtest %}
