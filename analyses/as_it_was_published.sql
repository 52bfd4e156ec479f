-- "The report of that day had other numbers by channel: what did we know then?"
-- Set `published_at` to a UTC timestamp, the moment of the report. One row per channel that master
-- data gave a partner then and the one it gives now, with the clicks that had been loaded by then.
-- No row means that nobody had kept anything yet: a snapshot knows nothing of before its first run.
{%- set published_at = "cast('" ~ var('published_at', '2026-07-01 00:00:00') ~ "' as timestamp)" %}

with

-- Half-open: the row that holds at a moment is one, and it is the one of the last run before it.
known_then as (
    select
        partner_code,
        channel_code
    from {{ ref('published_partners') }}
    where
        known_from <= {{ published_at }}
        and {{ published_at }} < known_to
        and not is_deleted
),

partners as (
    select
        partner_key,
        partner_code
    from {{ ref('dim_partner') }}
    where partner_code is not null
),

known_now as (
    select
        partner_code,
        channel_code
    from {{ ref('dim_partner') }}
    where
        is_current
        and partner_code is not null
),

files as (
    select file_id
    from {{ ref('stg_loader__files') }}
    where
        status = 'loaded'
        and loaded_at <= {{ published_at }}
),

clicks as (
    select
        partner_key,
        file_id
    from {{ ref('fct_clicks') }}
),

counted as (
    select
        partners.partner_code,
        count(*) as clicks
    from clicks
    inner join files on clicks.file_id = files.file_id
    inner join partners on clicks.partner_key = partners.partner_key
    group by partners.partner_code
),

final as (
    select
        known_then.channel_code as channel_code_then,
        known_now.channel_code as channel_code_now,
        count(*) as partners,
        coalesce(sum(counted.clicks), 0) as clicks
    from known_then
    left join known_now on known_then.partner_code = known_now.partner_code
    left join counted on known_then.partner_code = counted.partner_code
    group by
        known_then.channel_code,
        known_now.channel_code
)

select * from final
order by
    channel_code_then,
    channel_code_now
