{#- CTEs that say of each identifier of a relation of links how many others share it: the last one, `shared`, has the columns
    `identifier_id` and `sharers`. A login that half the town uses, or a cookie of a kiosk with everybody's logins, is no
    person. A visitor's many clicks are no sign of that: the click ids of a cookie do not count. -#}
{% macro sharers_of(links) -%}
sharers as (
    select
        other_id as identifier_id,
        count(distinct identifier_id) as sharers
    from {{ links }}
    group by other_id
    union all
    select
        identifier_id,
        count(distinct other_id) as sharers
    from {{ links }}
    where rule = 'login'
    group by identifier_id
),

shared as (
    select
        identifier_id,
        max(sharers) as sharers
    from sharers
    group by identifier_id
)
{%- endmacro %}
