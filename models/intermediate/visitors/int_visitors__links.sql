with

-- Each reads for itself: what is selected once for several uses is stored in between.
logins as (
    select
        identifier_id,
        login_id as other_id,
        'login' as rule
    from {{ ref('int_sessions__received') }}
    where copy_number = 1 and login_id is not null and identifier_kind = 'cookie'
),

landed as (
    select
        carried_click_id,
        identifier_id,
        identifier_kind,
        event_at
    from {{ ref('int_sessions__received') }}
    where copy_number = 1 and carried_click_id is not null
),

clicks as (
    select
        event_key,
        identifier_id,
        identifier_kind,
        event_at
    from {{ ref('int_sessions__received') }}
    where copy_number = 1 and is_click
),

-- The page was seen when the click led to it: a click id that comes back later was passed on. Two
-- clocks differ by a few minutes at most.
followed as (
    select
        landed.identifier_id as landed_identifier_id,
        landed.identifier_kind as landed_identifier_kind,
        clicks.identifier_id as clicked_identifier_id,
        clicks.identifier_kind as clicked_identifier_kind,
        clicks.event_key as click_id
    from landed
    inner join clicks
        on
            landed.carried_click_id = clicks.event_key
            and landed.event_at >= clicks.event_at - interval '5 minutes'
            and landed.event_at
            <= clicks.event_at + interval '{{ var("click_id_minutes") }} minutes'
),

click_ids as (
    select
        landed_identifier_id as identifier_id,
        click_id as other_id,
        'click_id' as rule
    from followed
    where landed_identifier_kind in ('cookie', 'login')
    union all
    select
        clicked_identifier_id as identifier_id,
        click_id as other_id,
        'click_id' as rule
    from followed
    where clicked_identifier_kind in ('cookie', 'login')
),

unioned as (
    select
        identifier_id,
        other_id,
        rule
    from logins
    union all
    select
        identifier_id,
        other_id,
        rule
    from click_ids
),

final as (
    select distinct
        identifier_id,
        other_id,
        cast(rule as varchar(10)) as rule
    from unioned
)

select * from final
