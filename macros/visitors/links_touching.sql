{#- A query: the links of which an end is among the identifiers of a relation. -#}
{% macro links_touching(identifiers) -%}
    select
        links.identifier_id,
        links.other_id,
        links.rule
    from (select * from {{ ref('int_visitors__daily_links') }}) as links
    inner join {{ identifiers }} as ends on links.identifier_id = ends.identifier_id
    union
    select
        links.identifier_id,
        links.other_id,
        links.rule
    from (select * from {{ ref('int_visitors__daily_links') }}) as links
    inner join {{ identifiers }} as ends on links.other_id = ends.identifier_id
{%- endmacro %}
