-- "Why does this click count as a duplicate, or not at all?"
-- Set the click's id; one row per rule that hit it, the one that decided first.
{%- set click_id = var('click_id', 0) %}

with

clicks as (
    select
        click_id,
        click_quality_key,
        click_class,
        date_key,
        clicked_at
    from {{ ref('fct_clicks') }}
    where click_id = {{ click_id }}
),

hits as (
    select
        click_id,
        rule_id,
        version,
        priority
    from {{ ref('int_clicks__judged') }}
    where click_id = {{ click_id }}
),

rules as (
    select
        click_quality_key,
        rule_id,
        rule_version,
        kind,
        verdict,
        description,
        standard_says,
        source_url
    from {{ ref('dim_click_quality') }}
),

decided as (
    select
        clicks.click_id,
        clicks.click_quality_key,
        true as is_deciding,
        -1 as priority
    from clicks
),

also_hit as (
    select
        clicks.click_id,
        rules.click_quality_key,
        false as is_deciding,
        hits.priority
    from hits
    inner join clicks on hits.click_id = clicks.click_id
    inner join rules
        on
            hits.rule_id = rules.rule_id
            and hits.version = rules.rule_version
            and rules.kind != 'uniqueness'
    where rules.click_quality_key != clicks.click_quality_key
),

unioned as (
    select * from decided
    union all
    select * from also_hit
),

final as (
    select
        clicks.clicked_at,
        clicks.click_class,
        unioned.is_deciding,
        rules.rule_id,
        rules.rule_version,
        rules.verdict,
        rules.description,
        rules.standard_says,
        rules.source_url,
        unioned.priority
    from unioned
    inner join clicks on unioned.click_id = clicks.click_id
    inner join rules on unioned.click_quality_key = rules.click_quality_key
)

select * from final
order by priority
