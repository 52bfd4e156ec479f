{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='user_agent',
        on_schema_change='fail',
        contract={'enforced': true},
        dist='even',
        post_hook=[
            "{{ forget_gone_values('user_agent', ref('stg_loader__user_agents')) }}",
            "{{ remember('int_user_agents__patterns') }}",
        ],
    )
}}

-- depends_on: {{ ref('int_user_agents__patterns') }}

{%- set only_new = is_incremental() and not has_changed(
    'int_user_agents__patterns', ['pattern', 'match', 'expression']
) %}

with

patterns as (
    -- One text may stand for several rules.
    select
        pattern,
        match,
        min(stem) as stem
    from {{ ref('int_user_agents__patterns') }}
    group by pattern, match
),

stems as (
    select distinct stem
    from patterns
    where match != 'shape'
),

parsed as (
    select user_agent
    from {{ ref('stg_loader__user_agents') }}
),

agents as (
    select
        parsed.user_agent,
        {{ folded_user_agent('parsed.user_agent') }} as folded
    from parsed
    {% if only_new %}
        left join {{ this }} as matched on parsed.user_agent = matched.user_agent
        where matched.user_agent is null
    {% endif %}
),

-- Every user agent is asked for every stem; for a pattern only where it has the stem of it.
stems_hit as (
    select
        agents.user_agent,
        agents.folded,
        stems.stem
    from agents
    inner join stems on strpos(agents.folded, stems.stem) > 0
),

texts_hit as (
    select
        stems_hit.user_agent,
        patterns.pattern,
        patterns.match
    from stems_hit
    inner join patterns
        on
            stems_hit.stem = patterns.stem
            and patterns.match != 'shape'
            and {{ user_agent_text_matches(
                'stems_hit.folded', 'patterns.pattern', 'patterns.match'
            ) }}
),

shapes_hit as (
    select
        agents.user_agent,
        patterns.pattern,
        patterns.match
    from agents
    inner join patterns
        on
            patterns.match = 'shape'
            and case patterns.pattern
                {% for shape in user_agent_shapes() %}
                    when '{{ shape }}'
                        then {{ user_agent_shape_matches('agents.folded', shape) }}
                {% endfor %}
                else false
            end
),

unioned as (
    select
        user_agent,
        pattern,
        match
    from texts_hit

    union all

    select
        user_agent,
        pattern,
        match
    from shapes_hit

    union all

    -- Looked at: a user agent that nothing hits is not looked at again.
    select
        user_agent,
        '' as pattern,
        'none' as match
    from agents
),

final as (
    select
        cast(user_agent as varchar(8192)) as user_agent,
        cast(pattern as varchar(255)) as pattern,
        cast(match as varchar(10)) as match
    from unioned
)

select * from final
