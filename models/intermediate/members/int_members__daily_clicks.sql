{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        on_schema_change='fail',
        contract={'enforced': true},
        pre_hook="{{ forget_changed_days('fct_clicks') }}",
        post_hook="{{ remember_days('fct_clicks') }}",
        dist='even',
        sort=['date_key'],
        indexes=[{'columns': ['date_key']}],
    )
}}

{%- set keys = [
    'network_key',
    'advertiser_key',
    'partner_key',
    'program_key',
    'campaign_key',
    'creative_key',
    'channel_key',
] %}

with

clicks as (
    select
        date_key,
        {{ keys | join(',\n        ') }},
        referrer_host,
        landing_url,
        currency_code,
        cost_amount,
        clicked_date,
        clicked_at
    from {{ ref('fct_clicks') }}
    {% if is_incremental() %}
        where {{ in_list('date_key', changed_days('fct_clicks')) }}
    {% endif %}
),

unmapped as (
    select distinct
        kind,
        member_key
    from {{ ref('int_members__versions') }}
    where not is_mapped
),

-- Hosts are evidence of whom an unmapped id stands for: of a partner where its clicks come from,
-- of an advertiser where they lead to. Of all others they would only be more rows.
with_evidence as (
    select
        clicks.*,
        cast(
            case when partners.member_key is not null then clicks.referrer_host end as varchar(255)
        ) as partner_host,
        case when advertisers.member_key is not null then clicks.landing_url end as advertiser_url
    from clicks
    left join unmapped as partners
        on clicks.partner_key = partners.member_key and partners.kind = 'partner'
    left join unmapped as advertisers
        on clicks.advertiser_key = advertisers.member_key and advertisers.kind = 'advertiser'
),

-- By address first: its host is asked of the groups, which are fewer than the clicks.
by_url as (
    select
        date_key,
        {{ keys | join(',\n        ') }},
        partner_host,
        advertiser_url,
        currency_code,
        count(*) as clicks,
        sum(cost_amount) as cost_amount,
        min(clicked_date) as clicked_date,
        min(clicked_at) as first_clicked_at,
        max(clicked_at) as last_clicked_at
    from with_evidence
    group by
        date_key,
        {{ keys | join(',\n        ') }},
        partner_host,
        advertiser_url,
        currency_code
),

with_hosts as (
    select
        *,
        cast({{ url_host('advertiser_url') }} as varchar(255)) as advertiser_host
    from by_url
),

final as (
    select
        date_key,
        {{ keys | join(',\n        ') }},
        partner_host,
        advertiser_host,
        currency_code,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(cost_amount) as numeric(18, 6)) as cost_amount,
        min(clicked_date) as clicked_date,
        min(first_clicked_at) as first_clicked_at,
        max(last_clicked_at) as last_clicked_at
    from with_hosts
    group by
        date_key,
        {{ keys | join(',\n        ') }},
        partner_host,
        advertiser_host,
        currency_code
)

select * from final
