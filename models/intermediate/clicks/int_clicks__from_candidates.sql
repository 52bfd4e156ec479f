with

candidates as (
    select
        source_name,
        natural_id,
        is_numbered_in_file,
        path,
        query,
        landing_url,
        referrer_url,
        user_agent,
        ip_hash,
        ip_prefix,
        cookie_hash,
        country_code,
        utm_source,
        utm_medium,
        utm_campaign,
        file_id,
        line_number,
        clicked_at,
        loaded_at
    from {{ ref('int_clicks__candidates') }}
),

click_rules as (
    select
        rule_id,
        source_name,
        field,
        match,
        value,
        value_is
    from {{ ref('click_rules') }}
),

-- One row per click and rule that makes it one; the lowest number is the rule that counts.
matched as (
    select
        candidates.*,
        click_rules.rule_id,
        case
            when click_rules.value_is = 'sub_id'
                then {{ query_parameter('candidates.query', 'click_rules.value') }}
        end as sub_id,
        row_number() over (
            partition by candidates.file_id, candidates.line_number
            order by click_rules.rule_id
        ) as match_number,
        max(case when click_rules.field = 'path' then click_rules.value end) over (
            partition by candidates.file_id, candidates.line_number
        ) as link_prefix
    from candidates
    inner join click_rules on {{ click_rule_matches('candidates', 'click_rules') }}
),

numbered as (
    select
        source_name,
        natural_id,
        is_numbered_in_file,
        row_number() over (
            partition by file_id, natural_id
            order by line_number
        ) as occurrence,
        -- /go/<network>/<advertiser id>: the two texts after the prefix of our own links
        split_part(substring(path, length(link_prefix) + 1), '/', 1) as link_network,
        split_part(substring(path, length(link_prefix) + 1), '/', 2) as link_advertiser,
        query,
        rule_id,
        sub_id,
        landing_url,
        referrer_url,
        user_agent,
        ip_hash,
        ip_prefix,
        cookie_hash,
        country_code,
        utm_source,
        utm_medium,
        utm_campaign,
        file_id,
        line_number,
        clicked_at,
        loaded_at
    from matched
    where match_number = 1
),

linked as (
    select
        numbered.*,
        coalesce(
            length(numbered.link_network) between 1 and 30
            and length(numbered.link_advertiser) between 1 and 128,
            false
        ) as is_own_link
    from numbered
),

final as (
    select
        source_name,
        cast(
            natural_id
            || case
                when is_numbered_in_file then '-' || cast(occurrence as varchar(20)) else ''
            end
            as varchar(512)
        ) as event_id,
        clicked_at,
        cast(case when is_own_link then lower(link_network) end as varchar(30)) as network_code,
        cast(case when is_own_link then link_advertiser end as varchar(128))
            as advertiser_source_id,
        cast(
            case when is_own_link then left({{ query_parameter('query', "'pid'") }}, 128) end
            as varchar(128)
        ) as partner_source_id,
        cast(
            case when is_own_link then left({{ query_parameter('query', "'prog'") }}, 128) end
            as varchar(128)
        ) as program_source_id,
        cast(
            case when is_own_link then left({{ query_parameter('query', "'cid'") }}, 128) end
            as varchar(128)
        ) as campaign_source_id,
        cast(
            case when is_own_link then left({{ query_parameter('query', "'crid'") }}, 128) end
            as varchar(128)
        ) as creative_source_id,
        cast(left(sub_id, 512) as varchar(512)) as sub_id,
        landing_url,
        referrer_url,
        user_agent,
        ip_hash,
        ip_prefix,
        cookie_hash,
        country_code,
        utm_source,
        cast(
            case when is_own_link then {{ network_medium() }} else utm_medium end
            as varchar(255)
        ) as utm_medium,
        utm_campaign,
        cast(null as numeric(18, 6)) as cost_amount,
        cast(null as varchar(3)) as currency_code,
        file_id,
        line_number,
        loaded_at,
        rule_id as click_rule_id
    from linked
)

select * from final
