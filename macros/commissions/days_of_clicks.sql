{#- The reporting days (yyyymmdd) on which the clicks of some commissions may have been: those before their sales, those around the
    moments that they tell, and those of the clicks that they name. `commissions`: a query of their commission_key. -#}
{% macro days_of_clicks(commissions) -%}
    {%- set sql -%}
        with attributes as (
            select attributes.*
            from (select * from {{ ref('int_commissions__attributes') }}) as attributes
            inner join ({{ commissions }}) as chosen
                on attributes.commission_key = chosen.commission_key
        )

        select distinct 'sold' as kind, {{ reporting_date_key('occurred_at') }} as date_key
        from attributes
        union all
        select distinct 'told' as kind, {{ reporting_date_key('clicked_at') }} as date_key
        from attributes
        where clicked_at is not null
        union all
        select distinct 'named' as kind, clicks.date_key
        from ({{ named_clicks('attributes') }}) as named
        inner join (select click_id, date_key from {{ ref('int_clicks__verdicts') }}) as clicks
            on named.click_id = clicks.click_id
    {%- endset -%}
    {%- set days = {'sold': [], 'told': [], 'named': []} -%}
    {%- if execute -%}
        {%- for row in run_query(sql).rows -%}
            {%- do days[row[0]].append(row[1] | int) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(
        (days_around(days['sold'], match_days(), 1) + days_around(days['told'], 1, 1) + days['named'])
        | unique | sort
    ) }}
{%- endmacro %}
