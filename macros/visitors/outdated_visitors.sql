{#- The identifiers (a query) whose visitor may be another since links were added or are gone. These are the two ends of each such link;
    the neighbours of an end that is blocked now, or no longer; and all that were stitched together with one of these. No link that
    stitches leads from them to another identifier: it would be one of these links, or both its ends were stitched together before, or
    one of them was blocked. -#}
{% macro outdated_visitors() -%}
    {%- set days = changed_days('int_visitors__daily_links') -%}
    {%- if not days %}
    select identifier_id
    from {{ this }}
    where 1 = 0
    {%- else %}
    with

    changed_links as (
        {{ changed_rows('int_visitors__daily_links', ['*'], in_list('date_key', days)) }}
    ),

    ends as (
        select identifier_id
        from changed_links
        union
        select other_id as identifier_id
        from changed_links
    ),

    links as (
        {{ links_touching('ends') }}
    ),

    {{ sharers_of('links') }},

    turned as (
        select ends.identifier_id
        from ends
        left join shared on ends.identifier_id = shared.identifier_id
        left join {{ this }} as stitched on ends.identifier_id = stitched.identifier_id
        where
            (coalesce(shared.sharers, 0) > {{ var('identity_most_sharers') }})
            != coalesce(stitched.is_blocked, false)
    ),

    seeds as (
        select identifier_id
        from ends
        union
        select links.other_id as identifier_id
        from links
        inner join turned on links.identifier_id = turned.identifier_id
        union
        select links.identifier_id
        from links
        inner join turned on links.other_id = turned.identifier_id
    ),

    visitors as (
        select distinct stitched.visitor_id
        from {{ this }} as stitched
        inner join seeds on stitched.identifier_id = seeds.identifier_id
    )

    select identifier_id
    from seeds
    union
    select stitched.identifier_id
    from {{ this }} as stitched
    inner join visitors on stitched.visitor_id = visitors.visitor_id
    {%- endif %}
{%- endmacro %}
