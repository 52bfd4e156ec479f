{#- The joins of `relation` (which has currency_code and, for each of `targets`, <target>_currency_code) with the rates of
    each of the `dates`, as <target>_rates_<name>. Only the dates that the variable conversion_dates asks for. -#}
{% macro commission_rates(relation, targets, dates) -%}
    {%- for target in targets -%}
    {%- for name, date in dates.items() if name in var('conversion_dates').values() %}
    left join (select * from {{ ref('int_currencies__daily_rates') }}) as {{ target }}_rates_{{ name }}
        on
            {{ date }} = {{ target }}_rates_{{ name }}.date_day
            and {{ relation }}.currency_code = {{ target }}_rates_{{ name }}.from_currency
            and {{ relation }}.{{ target }}_currency_code = {{ target }}_rates_{{ name }}.to_currency
    {%- endfor %}
    {%- endfor %}
{%- endmacro %}
