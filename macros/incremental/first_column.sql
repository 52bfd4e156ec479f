{#- The first column of a query's rows as a list; empty while the project is only parsed. -#}
{% macro first_column(sql) -%}
    {%- set rows = [] -%}
    {%- if execute -%}
        {%- for row in run_query(sql).rows -%}
            {%- do rows.append(row[0] | int) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(rows) }}
{%- endmacro %}
