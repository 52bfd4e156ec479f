{#- The English name of an ISO day of the week, 1 Monday to 7 Sunday. -#}
{% macro day_name(iso_day_of_week) -%}
    cast(case {{ iso_day_of_week }}
        {%- for name in [
            'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'
        ] %}
        when {{ loop.index }} then '{{ name }}'
        {%- endfor %}
    end as varchar(9))
{%- endmacro %}
