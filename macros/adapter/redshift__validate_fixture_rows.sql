{#- dbt's adapter for Redshift wants a first row without nulls in the rows of a unit test, lest the type of a
    column be unknown. dbt casts every value of them to its column's type, also a null: there is nothing to
    guess. -#}
{% macro redshift__validate_fixture_rows(rows, row_number) -%}
{%- endmacro %}
