{#- Pre-hook of int_visitors__stitched: finds the identifiers whose visitor may be another since links were added or are gone. These are
    the two ends of each such link; the neighbours of an end that is blocked now, or no longer; and all that were
    stitched together with one of these. No link that stitches leads from them to another identifier: it would be one of these links, or
    both its ends were stitched together before, or one of them was blocked. -#}
{% macro find_outdated_visitors() -%}
    {%- if is_incremental() -%}
        {%- set days = changed_days('int_visitors__daily_links') -%}
        {%- set was -%}
            select * from {{ remembered('int_visitors__daily_links') }} where {{ in_list('date_key', days) }}
        {%- endset -%}
        {%- set is_now -%}
            select * from {{ ref('int_visitors__daily_links') }} where {{ in_list('date_key', days) }}
        {%- endset -%}
        drop table if exists {{ visitors_to_stitch() }};
        create table {{ visitors_to_stitch() }} as
        {%- if not days %}
        select identifier_id
        from {{ this }}
        where 1 = 0
        {%- else %}
        with

        changed_links as (
            select * from ({{ was }} except {{ is_now }}) as gone
            union all
            select * from ({{ is_now }} except {{ was }}) as added
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
    {%- endif -%}
{%- endmacro %}
