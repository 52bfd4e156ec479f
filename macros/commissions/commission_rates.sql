{#- The joins of `relation` (which has reporting_currency_code, currency_code and the dates of `dates`) with the rates of
    each of these dates, as rates_<name>. Only the dates that the variable conversion_dates asks for are joined. -#}
{% macro commission_rates(relation, dates) -%}
    {%- for name, date in dates.items() if name in var('conversion_dates').values() %}
    left join (select * from {{ ref('int_currencies__daily_rates') }}) as rates_{{ name }}
        on
            {{ date }} = rates_{{ name }}.date_day
            and {{ relation }}.currency_code = rates_{{ name }}.from_currency
            and {{ relation }}.reporting_currency_code = rates_{{ name }}.to_currency
    {%- endfor %}
{%- endmacro %}
