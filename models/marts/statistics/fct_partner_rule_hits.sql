{{ config(materialized='view') }}

with

hits as (
    select
        click_id,
        rule_id,
        version,
        severity
    from {{ ref('int_clicks__judged') }}
),

rules as (
    select
        quality_key,
        rule_id,
        version
    from {{ ref('int_click_quality_rules__in_force') }}
),

clicks as (
    select
        click_id,
        date_key,
        partner_key,
        click_quality_key
    from {{ ref('fct_clicks') }}
),

partners as (
    select
        date_key,
        partner_key,
        sum(clicks) as clicks
    from {{ ref('fct_daily_performance') }}
    group by date_key, partner_key
),

counted as (
    select
        clicks.date_key,
        clicks.partner_key,
        rules.quality_key as click_quality_key,
        count(*) as hit_clicks,
        sum(case when clicks.click_quality_key = rules.quality_key then 1 else 0 end)
            as decided_clicks
    from hits
    inner join rules
        on
            hits.rule_id = rules.rule_id
            and hits.version = rules.version
    inner join clicks on hits.click_id = clicks.click_id
    group by clicks.date_key, clicks.partner_key, rules.quality_key
),

final as (
    select
        {{ dimension_key([
            'counted.date_key',
            'counted.partner_key',
            'counted.click_quality_key',
        ]) }} as partner_rule_hits_id,
        counted.date_key,
        counted.partner_key,
        counted.click_quality_key,
        cast(counted.hit_clicks as bigint) as hit_clicks,
        cast(counted.decided_clicks as bigint) as decided_clicks,
        cast(partners.clicks as bigint) as partner_clicks,
        cast(
            cast(counted.hit_clicks as numeric(18, 6)) / partners.clicks as numeric(9, 6)
        ) as hit_share
    from counted
    inner join partners
        on
            counted.date_key = partners.date_key
            and counted.partner_key = partners.partner_key
)

select * from final
