{#- The date of a day number: 0 is 1970-01-01, negative before it. -#}
{% macro date_from_epoch_day(epoch_day) -%}
    cast({{ dbt.dateadd('day', epoch_day, "cast('1970-01-01' as date)") }} as date)
{%- endmacro %}
