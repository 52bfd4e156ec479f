{#- Whether the current incremental model has to match everything again: the patterns that it was built
    from (columns of a model, as `remember` keeps them) are not those of today. -#}
{% macro matched_anew(patterns, columns) -%}
    {%- set listed = columns | join(', ') -%}
    {%- set sql -%}
        select count(*) from (
            select * from (
                select {{ listed }} from {{ ref(patterns) }}
                except
                select {{ listed }} from {{ remembered(patterns) }}
            ) as new_patterns
            union all
            select * from (
                select {{ listed }} from {{ remembered(patterns) }}
                except
                select {{ listed }} from {{ ref(patterns) }}
            ) as old_patterns
        ) as differences
    {%- endset -%}
    {{ return(first_column(sql) not in ([], [0])) }}
{%- endmacro %}
