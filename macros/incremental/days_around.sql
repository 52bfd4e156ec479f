{#- Some days (yyyymmdd), and so many days before and after each: a sorted list. -#}
{% macro days_around(days, before, after) -%}
    {%- set around = [] -%}
    {%- for day in days -%}
        {%- set date = modules.datetime.date(day // 10000, day // 100 % 100, day % 100) -%}
        {%- for distance in range(-before, after + 1) -%}
            {%- do around.append(
                (date + modules.datetime.timedelta(days=distance)).strftime('%Y%m%d') | int
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(around | unique | sort) }}
{%- endmacro %}
