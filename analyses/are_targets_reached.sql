-- "Who is behind the plan?"
-- One row per advertiser, channel and metric with a target, and month: what should have been
-- reached by the last day that we know, and what was, on the days that have a target; the furthest
-- behind first. Amounts are in the reporting currency. A target without a channel is for all
-- channels; one for a group of channels is compared with that group alone.

with

targets as (
    select
        target_code,
        metric_name,
        advertiser_key,
        channel_key,
        date_key,
        reporting_target_amount,
        target_date
    from {{ ref('fct_targets') }}
    where has_passed and metric_name in ('sales', 'net_commission')
),

commissions as (
    select
        date_key,
        advertiser_key,
        channel_key,
        sum(reporting_net_sale_amount) as sales,
        sum(reporting_net_commission_amount) as net_commission
    from {{ ref('fct_commissions') }}
    group by date_key, advertiser_key, channel_key
),

advertisers as (
    select
        advertiser_key,
        advertiser_code
    from {{ ref('dim_advertiser') }}
),

channels as (
    select
        channel_key,
        channel_code
    from {{ ref('dim_channel') }}
),

-- Versions change within a day, so both sides are compared by code.
reached as (
    select
        commissions.date_key,
        advertisers.advertiser_code,
        channels.channel_code,
        sum(commissions.sales) as sales,
        sum(commissions.net_commission) as net_commission
    from commissions
    inner join advertisers on commissions.advertiser_key = advertisers.advertiser_key
    inner join channels on commissions.channel_key = channels.channel_key
    where advertisers.advertiser_code is not null
    group by commissions.date_key, advertisers.advertiser_code, channels.channel_code
),

planned as (
    select
        targets.target_code,
        targets.metric_name,
        targets.date_key,
        advertisers.advertiser_code,
        channels.channel_code,
        targets.reporting_target_amount,
        targets.target_date
    from targets
    inner join advertisers on targets.advertiser_key = advertisers.advertiser_key
    inner join channels on targets.channel_key = channels.channel_key
),

compared as (
    select
        planned.target_code,
        planned.advertiser_code,
        planned.channel_code,
        planned.metric_name,
        planned.target_date,
        planned.reporting_target_amount,
        sum(
            case planned.metric_name
                when 'sales' then reached.sales
                else reached.net_commission
            end
        ) as reached_amount
    from planned
    left join reached
        on
            planned.date_key = reached.date_key
            and planned.advertiser_code = reached.advertiser_code
            and (
                planned.channel_code is null or planned.channel_code = reached.channel_code
            )
    group by
        planned.target_code,
        planned.advertiser_code,
        planned.channel_code,
        planned.metric_name,
        planned.target_date,
        planned.reporting_target_amount
),

final as (
    select
        advertiser_code,
        channel_code,
        metric_name,
        extract(year from target_date) as target_year,
        extract(month from target_date) as target_month,
        sum(reporting_target_amount) as target_amount,
        coalesce(sum(reached_amount), 0) as reached_amount,
        coalesce(sum(reached_amount), 0) - sum(reporting_target_amount) as ahead_amount
    from compared
    group by
        advertiser_code,
        channel_code,
        metric_name,
        extract(year from target_date),
        extract(month from target_date)
)

select *
from final
order by ahead_amount
