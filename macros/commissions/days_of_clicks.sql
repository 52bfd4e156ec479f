{#- The reporting days (yyyymmdd) on which the clicks of some commissions may have been: those before their sales, those around the
    moments that they tell, and those of the clicks that they name. `commissions`: a query of their commission_key. -#}
{% macro days_of_clicks(commissions) -%}
    {%- set attributes -%}
        (
            select attributes.*
            from (select * from {{ ref('int_commissions__attributes') }}) as attributes
            inner join ({{ commissions }}) as chosen
                on attributes.commission_key = chosen.commission_key
        )
    {%- endset -%}
    {%- set days -%}
        select distinct {{ reporting_date_key('%s') }} from {{ attributes }} as chosen where %s is not null
    {%- endset -%}
    {%- set sold = first_column(days | replace('%s', 'occurred_at')) -%}
    {%- set told = first_column(days | replace('%s', 'clicked_at')) -%}
    {%- set named -%}
        select distinct clicks.date_key
        from ({{ named_clicks(attributes) }}) as named
        inner join (select click_id, date_key from {{ ref('int_clicks__verdicts') }}) as clicks
            on named.click_id = clicks.click_id
    {%- endset -%}
    {{ return(
        (
            days_around(sold, match_days(), 1)
            + days_around(told, 1, 1)
            + first_column(named)
        ) | unique | sort
    ) }}
{%- endmacro %}
