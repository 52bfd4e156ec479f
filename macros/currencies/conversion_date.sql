{#- The day whose rate converts an amount, by the policy that the variable `conversion_dates` states for it. -#}
{% macro conversion_date(amount, dates) -%}
    {%- set policies = var('conversion_dates') -%}
    {%- if amount not in policies -%}
        {{ exceptions.raise_compiler_error(
            "The variable conversion_dates does not say of which day the rate of a " ~ amount
            ~ " is taken; write one of " ~ dates.keys() | join(', ') ~ " for it."
        ) }}
    {%- elif policies[amount] not in dates -%}
        {{ exceptions.raise_compiler_error(
            "The variable conversion_dates says " ~ policies[amount] ~ " for a " ~ amount
            ~ "; it must be one of " ~ dates.keys() | join(', ') ~ "."
        ) }}
    {%- endif -%}
    {{ dates[policies[amount]] }}
{%- endmacro %}
