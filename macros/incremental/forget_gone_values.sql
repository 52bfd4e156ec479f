{#- Post-hook of a model that keeps rows by a value of its input: rows of values that are gone go. A join
    and not "not in": PostgreSQL compares each with each where the input does not fit its work_mem. -#}
{% macro forget_gone_values(column, input) -%}
    delete from {{ this }}
    where
        {{ column }} in (
            select kept.{{ column }}
            from {{ this }} as kept
            left join (select distinct {{ column }} from {{ input }}) as given
                on kept.{{ column }} = given.{{ column }}
            where given.{{ column }} is null
        )
{%- endmacro %}
