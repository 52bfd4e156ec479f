{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        on_schema_change='fail',
        contract={'enforced': true},
        pre_hook="{{ forget_days(changed_received_days) }}",
        post_hook="{{ remember('int_clicks__received_days') }}",
        dist='even',
        sort=['date_key'],
    )
}}

{%- set days = changed_received_days() if is_incremental() else [] %}

with

rules as (
    select min(minimum_clicks) as minimum_clicks
    from {{ ref('int_click_quality_rules__in_force') }}
    where kind = 'concentration'
),

clicks as (
    select
        date_key,
        coalesce(network_code, 'none') as network_code,
        partner_source_id,
        user_agent,
        ip_prefix
    from {{ ref('int_clicks__deduplicated') }}
    {% if is_incremental() %}
        where {{ on_days(days, 'date_key', 'clicked_at') }}
    {% endif %}
),

-- Read by itself: what is selected once for two uses is stored in between.
partner_clicks as (
    select
        date_key,
        coalesce(network_code, 'none') as network_code,
        partner_source_id
    from {{ ref('int_clicks__deduplicated') }}
    {% if is_incremental() %}
        where {{ on_days(days, 'date_key', 'clicked_at') }}
    {% endif %}
),

partners as (
    select
        date_key,
        network_code,
        partner_source_id,
        count(*) as clicks
    from partner_clicks
    where partner_source_id is not null
    group by date_key, network_code, partner_source_id
),

-- A share of a handful of clicks says nothing: small partners are left out at once.
judged_partners as (
    select
        partners.date_key,
        partners.network_code,
        partners.partner_source_id,
        {{ dimension_key(['partners.network_code', 'partners.partner_source_id']) }} as partner_id,
        partners.clicks
    from partners
    inner join rules on partners.clicks >= rules.minimum_clicks
),

agents as (
    select distinct user_agent
    from {{ ref('int_clicks__user_agents') }}
),

numbered_agents as (
    select
        user_agent,
        {{ dimension_key(['user_agent']) }} as agent_id
    from agents
),

-- There are nearly as many pairs as clicks: they are told apart by numbers, which take a fraction
-- of the memory of user agents.
pairs as (
    select
        clicks.date_key,
        judged_partners.partner_id,
        numbered_agents.agent_id,
        clicks.ip_prefix,
        count(*) as pair_clicks
    from clicks
    inner join judged_partners
        on
            clicks.date_key = judged_partners.date_key
            and clicks.network_code = judged_partners.network_code
            and clicks.partner_source_id = judged_partners.partner_source_id
    left join numbered_agents on clicks.user_agent = numbered_agents.user_agent
    group by
        clicks.date_key,
        judged_partners.partner_id,
        numbered_agents.agent_id,
        clicks.ip_prefix
),

shares as (
    select
        judged_partners.date_key,
        judged_partners.network_code,
        judged_partners.partner_source_id,
        judged_partners.clicks,
        pairs.pair_clicks
    from pairs
    inner join judged_partners
        on
            pairs.date_key = judged_partners.date_key
            and pairs.partner_id = judged_partners.partner_id
),

measured as (
    select
        date_key,
        network_code,
        partner_source_id,
        clicks,
        count(*) as pairs,
        -- The sum of squared shares, cut to millionths: exact integers until the one division.
        cast(
            floor(
                1000000 * cast(sum(pair_clicks * pair_clicks) as double precision)
                / (cast(clicks as double precision) * clicks)
            ) / 1000000 as numeric(9, 6)
        ) as herfindahl_index,
        -- In bits, cut to where the order of adding up does not show.
        cast(
            sum(
                -cast(pair_clicks as double precision) / clicks
                * ln(cast(pair_clicks as double precision) / clicks)
            ) / ln(cast(2 as double precision)) as numeric(9, 4)
        ) as shannon_entropy
    from shares
    group by date_key, network_code, partner_source_id, clicks
),

ranked as (
    select
        date_key,
        network_code,
        partner_source_id,
        clicks,
        pairs,
        herfindahl_index,
        shannon_entropy,
        row_number() over (
            partition by date_key
            order by herfindahl_index, network_code, partner_source_id
        ) as place,
        count(*) over (partition by date_key) as peers
    from measured
),

-- Of an even number, the lower one of the two in the middle: a value that a partner really has.
medians as (
    select
        date_key,
        herfindahl_index
    from ranked
    where 2 * place in (peers, peers + 1)
),

final as (
    select
        ranked.date_key,
        cast(ranked.network_code as varchar(30)) as network_code,
        cast(ranked.partner_source_id as varchar(128)) as partner_source_id,
        cast(ranked.clicks as bigint) as clicks,
        cast(ranked.pairs as bigint) as pairs,
        cast(ranked.peers as bigint) as peers,
        ranked.shannon_entropy,
        ranked.herfindahl_index,
        medians.herfindahl_index as median_herfindahl_index
    from ranked
    inner join medians on ranked.date_key = medians.date_key
)

select * from final
