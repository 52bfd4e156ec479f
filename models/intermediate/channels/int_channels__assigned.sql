{{
    config(
        materialized='table',
        contract={'enforced': true},
        dist='all',
        indexes=[{'columns': ['source', 'medium', 'campaign']}],
    )
}}

with

combinations as (
    select distinct
        source,
        medium,
        campaign
    from {{ ref('int_channels__traffic_sources') }}
),

rules as (
    select
        priority,
        channel_code,
        source_category,
        medium_pattern,
        campaign_pattern,
        yields_to_partner
    from {{ ref('channel_rules') }}
),

sites as (
    select
        site,
        source_category
    from {{ ref('channel_sources') }}
),

-- A host counts as its listed domain: m.facebook.com is facebook.com. The longest listed name
-- decides, so that mail.google.com can differ from google.com.
hosts as (
    select distinct
        source,
        substring(source, position('.' in source) + 1) as parent
    from combinations
),

parents as (
    select
        source,
        parent,
        substring(parent, position('.' in parent) + 1) as grandparent
    from hosts
),

categorised as (
    select
        parents.source,
        coalesce(
            sites.source_category,
            parent_sites.source_category,
            grandparent_sites.source_category
        ) as source_category
    from parents
    left join sites on parents.source = sites.site
    left join sites as parent_sites
        on parents.parent = parent_sites.site and parents.parent like '%.%'
    left join sites as grandparent_sites
        on parents.grandparent = grandparent_sites.site and parents.grandparent like '%.%'
),

met as (
    select
        combinations.source,
        combinations.medium,
        combinations.campaign,
        min(rules.priority) as priority
    from combinations
    inner join categorised on combinations.source = categorised.source
    inner join rules
        on
            (
                rules.source_category is null
                or categorised.source_category = rules.source_category
            )
            {% for column, patterns in channel_patterns().items() %}
                and case
                    when rules.{{ column }}_pattern is null then true
                    {% for name, pattern in patterns.items() %}
                        when rules.{{ column }}_pattern = '{{ name }}'
                            then {{ regex_matches('combinations.' ~ column, pattern) }}
                    {% endfor %}
                    else false
                end
            {% endfor %}
    group by combinations.source, combinations.medium, combinations.campaign
),

final as (
    select
        met.source,
        met.medium,
        met.campaign,
        {{ current_key('channel', 'rules.channel_code') }} as channel_current_key,
        cast(rules.channel_code as varchar(64)) as channel_code,
        rules.yields_to_partner
    from met
    inner join rules on met.priority = rules.priority
)

select * from final
