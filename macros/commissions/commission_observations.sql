{#- All observations of commissions, as a subquery. `until`: an SQL timestamp; only what had been pulled by then. -#}
{% macro commission_observations(until=none) -%}
    (
        select *
        from {{ ref('int_commissions__pulled') }}
        {% if until is not none -%}
        where pulled_at <= {{ until }}
        {%- endif %}
    )
{%- endmacro %}
