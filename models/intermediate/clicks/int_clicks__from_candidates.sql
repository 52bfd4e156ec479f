{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='file_id',
        on_schema_change='fail',
        contract={'enforced': true},
        dist='even',
        sort=['file_id'],
        post_hook="{{ forget_gone_files() }}",
    )
}}

-- depends_on: {{ ref('stg_loader__files') }}

{%- set arrived = new_files(['int_clicks__candidates']) if is_incremental() else [] %}

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
    {% if is_incremental() %}
        where {{ in_list('file_id', arrived) }}
    {% endif %}
),

-- The same records once more, with what the rules look at: most of them are no clicks, and their
-- other columns need not be carried through the comparison with every rule.
requests as (
    select
        source_name,
        path,
        query,
        file_id,
        line_number
    from {{ ref('int_clicks__candidates') }}
    {% if is_incremental() %}
        where {{ in_list('file_id', arrived) }}
    {% endif %}
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

-- One row per click, whatever the number of rules that make it one: the lowest number counts.
matched as (
    select
        requests.file_id,
        requests.line_number,
        min(click_rules.rule_id) as rule_id,
        max(case when click_rules.field = 'path' then click_rules.value end) as link_prefix
    from requests
    inner join click_rules on {{ click_rule_matches('requests', 'click_rules') }}
    group by requests.file_id, requests.line_number
),

clicks as (
    select
        candidates.*,
        matched.rule_id,
        case
            when click_rules.value_is = 'sub_id'
                then {{ query_parameter('candidates.query', 'click_rules.value') }}
        end as sub_id,
        -- /go/<network>/<advertiser id>: the two texts after the prefix of our own links
        split_part(substring(candidates.path, length(matched.link_prefix) + 1), '/', 1)
            as link_network,
        split_part(substring(candidates.path, length(matched.link_prefix) + 1), '/', 2)
            as link_advertiser
    from candidates
    inner join matched
        on
            candidates.file_id = matched.file_id
            and candidates.line_number = matched.line_number
    inner join click_rules on matched.rule_id = click_rules.rule_id
),

-- Apart from the wide columns, which would be sorted with it.
occurrences as (
    select
        file_id,
        line_number,
        row_number() over (
            partition by file_id, natural_id
            order by line_number
        ) as occurrence
    from clicks
    where is_numbered_in_file
),

linked as (
    select
        clicks.*,
        occurrences.occurrence,
        coalesce(
            length(clicks.link_network) between 1 and 30
            and length(clicks.link_advertiser) between 1 and 128,
            false
        ) as is_own_link
    from clicks
    left join occurrences
        on
            clicks.file_id = occurrences.file_id
            and clicks.line_number = occurrences.line_number
),

final as (
    select
        source_name,
        cast(
            natural_id || coalesce('-' || cast(occurrence as varchar(20)), '') as varchar(512)
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
        -- As networks deliver it, so that their commissions find the click by it.
        cast(left({{ percent_decoded('sub_id') }}, 512) as varchar(512)) as sub_id,
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
