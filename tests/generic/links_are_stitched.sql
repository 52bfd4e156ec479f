{#- Guards that every component was walked to its end: two identifiers with a link have the same visitor, and
    the visitor is an identifier that belongs to itself. -#}
{% test links_are_stitched(model, links) %}
    with

    stitched as (
        select
            identifier_id,
            visitor_id,
            is_blocked
        from {{ model }}
    ),

    unstitched as (
        select
            links.identifier_id,
            links.other_id
        from {{ links }} as links
        left join stitched on links.identifier_id = stitched.identifier_id
        left join stitched as others on links.other_id = others.identifier_id
        where
            not coalesce(stitched.is_blocked, false)
            and not coalesce(others.is_blocked, false)
            and (
                stitched.visitor_id is null
                or others.visitor_id is null
                or stitched.visitor_id != others.visitor_id
            )
    ),

    astray as (
        select
            stitched.identifier_id,
            stitched.visitor_id as other_id
        from stitched
        left join stitched as visitors on stitched.visitor_id = visitors.identifier_id
        where visitors.visitor_id is null or visitors.visitor_id != stitched.visitor_id
    )

    select
        identifier_id,
        other_id
    from unstitched
    union all
    select
        identifier_id,
        other_id
    from astray
{% endtest %}
