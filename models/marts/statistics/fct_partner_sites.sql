{{ config(materialized='view') }}

with

clicks as (
    select
        date_key,
        partner_key,
        referrer_host,
        clicked_date,
        count(*) as clicks,
        sum(case when click_class = 'unique' then 1 else 0 end) as unique_clicks
    from {{ ref('fct_clicks') }}
    where referrer_host is not null
    group by date_key, partner_key, referrer_host, clicked_date
),

partners as (
    select
        partner_key,
        partner_current_key
    from {{ ref('dim_partner') }}
),

hosts as (
    select distinct
        referrer_host,
        substring(referrer_host, position('.' in referrer_host) + 1) as parent
    from clicks
),

parents as (
    select
        referrer_host,
        parent,
        substring(parent, position('.' in parent) + 1) as grandparent
    from hosts
),

-- A host counts as its site: blog.deals.example is deals.example, up to two names below it.
names as (
    select
        referrer_host,
        referrer_host as name,
        1 as distance
    from parents
    union all
    select
        referrer_host,
        parent as name,
        2 as distance
    from parents
    where parent like '%.%'
    union all
    select
        referrer_host,
        grandparent as name,
        3 as distance
    from parents
    where grandparent like '%.%' and grandparent != parent
),

sites as (
    select
        domain,
        partner_code,
        valid_from,
        valid_to
    from {{ ref('int_master__site_domain_versions') }}
    where is_active and not is_deleted
    union all
    select
        website_domain as domain,
        partner_code,
        valid_from,
        valid_to
    from {{ ref('int_master__partner_versions') }}
    where website_domain is not null and not is_deleted
),

claimed as (
    select
        clicks.date_key,
        clicks.partner_key,
        clicks.referrer_host,
        sites.domain,
        {{ current_key('partner', 'sites.partner_code') }} as site_partner_current_key,
        names.distance,
        sites.partner_code
    from clicks
    inner join names on clicks.referrer_host = names.referrer_host
    inner join sites
        on
            names.name = sites.domain
            and cast(clicks.clicked_date as timestamp) >= sites.valid_from
            and cast(clicks.clicked_date as timestamp) < sites.valid_to
),

-- The closest name decides; where two partners claim it, the one that the clicks name.
ranked as (
    select
        claimed.date_key,
        claimed.partner_key,
        claimed.referrer_host,
        claimed.domain,
        claimed.site_partner_current_key,
        row_number() over (
            partition by claimed.date_key, claimed.partner_key, claimed.referrer_host
            order by
                claimed.distance,
                case
                    when claimed.site_partner_current_key = partners.partner_current_key then 1
                    else 2
                end,
                claimed.partner_code
        ) as place
    from claimed
    inner join partners on claimed.partner_key = partners.partner_key
),

final as (
    select
        {{ dimension_key(['clicks.date_key', 'clicks.partner_key', 'clicks.referrer_host']) }}
            as partner_site_id,
        clicks.date_key,
        clicks.partner_key,
        coalesce(ranked.site_partner_current_key, -1) as site_partner_current_key,
        cast(clicks.referrer_host as varchar(255)) as referrer_host,
        cast(ranked.domain as varchar(255)) as site_domain,
        cast(
            case
                when ranked.domain is null then 'unknown'
                when ranked.site_partner_current_key = partners.partner_current_key then 'own'
                else 'other'
            end as varchar(10)
        ) as site_owner,
        cast(clicks.clicks as bigint) as clicks,
        cast(clicks.unique_clicks as bigint) as unique_clicks
    from clicks
    inner join partners on clicks.partner_key = partners.partner_key
    left join ranked
        on
            clicks.date_key = ranked.date_key
            and clicks.partner_key = ranked.partner_key
            and clicks.referrer_host = ranked.referrer_host
            and ranked.place = 1
)

select * from final
