{#- The English name of a month number 1 to 12. Spelt out, because to_char pads and follows the server's locale. -#}
{% macro month_name(month_number) -%}
    cast(case {{ month_number }}
        {%- for name in [
            'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September',
            'October', 'November', 'December'
        ] %}
        when {{ loop.index }} then '{{ name }}'
        {%- endfor %}
    end as varchar(9))
{%- endmacro %}
