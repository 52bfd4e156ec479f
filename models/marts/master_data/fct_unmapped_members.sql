{#- Where each fact has the keys of members, and when it happened. -#}
{%- set kinds = ['advertiser', 'partner', 'program', 'campaign', 'creative'] -%}
{%- set facts = {
    'clicks': {
        'kinds': kinds,
        'first': 'first_clicked_at',
        'last': 'last_clicked_at',
        'numbers': {'clicks': 'sum(clicks)'},
    },
    'commissions': {
        'kinds': kinds,
        'first': 'occurred_at',
        'last': 'occurred_at',
        'numbers': {
            'commissions': 'count(*)',
            'net_commission': 'sum(reporting_net_commission_amount)',
            'without_rate': 'sum(case when reporting_net_commission_amount is null then 1 else 0 end)',
        },
    },
    'reports': {
        'kinds': ['advertiser', 'partner', 'program'],
        'first': 'cast(reported_date as timestamp)',
        'last': 'cast(reported_date as timestamp)',
        'numbers': {},
    },
    'costs': {
        'kinds': ['advertiser', 'partner', 'program', 'campaign'],
        'first': 'cast(incurred_date as timestamp)',
        'last': 'cast(incurred_date as timestamp)',
        'numbers': {},
    },
} -%}
{%- set numbers = ['clicks', 'commissions', 'net_commission', 'without_rate'] -%}
{#- Whose hosts clicks tell of. -#}
{%- set with_hosts = ['advertiser', 'partner'] -%}

with

clicks as (
    select
        {% for kind in kinds %}
            {{ kind }}_key,
        {% endfor %}
        {% for kind in with_hosts %}
            {{ kind }}_host,
        {% endfor %}
        clicks,
        first_clicked_at,
        last_clicked_at
    from {{ ref('int_members__daily_clicks') }}
),

commissions as (
    select
        {% for kind in kinds %}
            {{ kind }}_key,
        {% endfor %}
        reporting_net_commission_amount,
        occurred_at
    from {{ ref('fct_commissions') }}
),

reports as (
    select
        advertiser_key,
        partner_key,
        program_key,
        reported_date
    from {{ ref('fct_network_reports') }}
),

costs as (
    select
        advertiser_key,
        partner_key,
        program_key,
        campaign_key,
        incurred_date
    from {{ ref('fct_costs') }}
),

versions as (
    select
        kind,
        network_code,
        source_id,
        member_key,
        is_mapped
    from {{ ref('int_members__versions') }}
),

crosswalk as (
    select
        kind,
        network_code,
        source_id
    from {{ ref('int_master__crosswalk_versions') }}
    where is_current and is_ignored and not is_deleted
),

names as (
    select
        kind,
        network_code,
        source_id,
        name,
        website
    from {{ ref('int_members__delivered_names') }}
),

unmapped as (
    select distinct
        versions.kind,
        versions.network_code,
        versions.source_id,
        versions.member_key
    from versions
    left join crosswalk
        on
            versions.kind = crosswalk.kind
            and versions.network_code = crosswalk.network_code
            and versions.source_id = crosswalk.source_id
    where not versions.is_mapped and crosswalk.source_id is null
),

{% for fact, parts in facts.items() %}
    -- One pass over the fact, however many kinds of members it has.
    {{ fact }}_counted as (
        select
            {% for kind in parts['kinds'] %}
                {{ kind }}_key,
            {% endfor %}
            {% for name, expression in parts['numbers'].items() %}
                {{ expression }} as {{ name }},
            {% endfor %}
            min({{ parts['first'] }}) as first_seen_at,
            max({{ parts['last'] }}) as last_seen_at
        from {{ fact }}
        group by
            {{ parts['kinds'] | join('_key, ') }}_key
    ),

{% endfor %}
carried as (
    {%- for fact, parts in facts.items() -%}
        {%- set last_fact = loop.last %}
        {% for kind in parts['kinds'] %}
            select
                {{ kind }}_key as member_key,
                {% for number in numbers %}
                    {{ number if number in parts['numbers'] else 0 }} as {{ number }},
                {% endfor %}
                first_seen_at,
                last_seen_at
            from {{ fact }}_counted
            {{ 'union all' if not (last_fact and loop.last) }}
        {% endfor %}
    {%- endfor %}
),

summed as (
    select
        member_key,
        sum(clicks) as clicks,
        sum(commissions) as commissions,
        sum(net_commission) as net_commission,
        sum(without_rate) as without_rate,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from carried
    group by member_key
),

hosts as (
    {% for kind in with_hosts %}
        select
            clicks.{{ kind }}_key as member_key,
            clicks.{{ kind }}_host as host,
            sum(clicks.clicks) as clicks
        from clicks
        inner join unmapped on clicks.{{ kind }}_key = unmapped.member_key
        group by clicks.{{ kind }}_key, clicks.{{ kind }}_host
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Equally frequent ones in an order that is the same on every engine. No host is the last choice.
hosts_in_order as (
    select
        member_key,
        host,
        row_number() over (
            partition by member_key
            order by
                case when host is null then 1 else 0 end,
                clicks desc,
                {{ dimension_key(['host']) }}
        ) as place
    from hosts
),

final as (
    select
        unmapped.member_key,
        unmapped.kind,
        unmapped.network_code,
        unmapped.source_id,
        names.name as delivered_name,
        names.website as delivered_website,
        cast(hosts_in_order.host as varchar(255)) as click_host,
        {{ reporting_currency() }} as reporting_currency_code,
        cast(summed.clicks as bigint) as clicks,
        cast(summed.commissions as bigint) as commissions,
        cast(coalesce(summed.net_commission, 0) as numeric(18, 6))
            as reporting_net_commission_amount,
        summed.without_rate > 0 as has_missing_rate,
        summed.first_seen_at,
        summed.last_seen_at
    from unmapped
    inner join summed on unmapped.member_key = summed.member_key
    left join names
        on
            unmapped.kind = names.kind
            and unmapped.network_code = names.network_code
            and unmapped.source_id = names.source_id
    left join hosts_in_order
        on
            unmapped.member_key = hosts_in_order.member_key
            and hosts_in_order.place = 1
)

select * from final
