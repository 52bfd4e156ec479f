{{
    config(
        materialized='incremental',
        incremental_strategy='delete_insert_noting_days',
        unique_key='date_key',
        on_schema_change='fail',
        contract={'enforced': true},
        dist='other_id',
        sort=['date_key'],
        indexes=[
            {'columns': ['date_key']},
            {'columns': ['identifier_id']},
            {'columns': ['other_id']},
        ],
        pre_hook="{{ forget_days(outdated_link_days) }}",
        post_hook=[
            "{{ keep_noted_days(
                'count(*) as records, cast(sum(' ~ link_state() ~ ') as numeric(38, 0)) as state'
            ) }}",
            "{{ remember_days('int_sessions__received') }}",
        ],
    )
}}

-- depends_on: {{ ref('int_sessions__received') }}

{%- set on_days_of_pages = '1 = 1' %}
{%- set on_days_of_clicks = '1 = 1' %}
{%- if is_incremental() %}
    {%- set days = outdated_link_days() %}
    {%- set on_days_of_pages = in_list('date_key', days) %}
    {%- set on_days_of_clicks = in_list('date_key', days_around(days, days_to_land(), 1)) %}
{%- endif %}

with

-- Each reads for itself: what is selected once for several uses is stored in between.
logins as (
    select
        date_key,
        identifier_id,
        login_id as other_id,
        'login' as rule
    from {{ ref('int_sessions__received') }}
    where
        copy_number = 1
        and login_id is not null
        and identifier_kind = 'cookie'
        and {{ on_days_of_pages }}
),

landed as (
    select
        date_key,
        carried_click_id,
        identifier_id,
        identifier_kind,
        event_at
    from {{ ref('int_sessions__received') }}
    where copy_number = 1 and carried_click_id is not null and {{ on_days_of_pages }}
),

clicks as (
    select
        event_key,
        identifier_id,
        identifier_kind,
        event_at
    from {{ ref('int_sessions__received') }}
    where copy_number = 1 and is_click and {{ on_days_of_clicks }}
),

-- The page was seen when the click led to it: a click id that comes back later was passed on. Two
-- clocks differ by a few minutes at most.
followed as (
    select
        landed.date_key,
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
        date_key,
        landed_identifier_id as identifier_id,
        click_id as other_id,
        'click_id' as rule
    from followed
    where landed_identifier_kind in ('cookie', 'login')
    union all
    select
        date_key,
        clicked_identifier_id as identifier_id,
        click_id as other_id,
        'click_id' as rule
    from followed
    where clicked_identifier_kind in ('cookie', 'login')
),

unioned as (
    select
        date_key,
        identifier_id,
        other_id,
        rule
    from logins
    union all
    select
        date_key,
        identifier_id,
        other_id,
        rule
    from click_ids
),

final as (
    select distinct
        date_key,
        identifier_id,
        other_id,
        cast(rule as varchar(10)) as rule
    from unioned
)

select * from final
