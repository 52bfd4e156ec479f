{{
    config(
        materialized='incremental',
        incremental_strategy='delete_insert_noting_days',
        unique_key='date_key',
        on_schema_change='fail',
        contract={'enforced': true},
        pre_hook="{{ forget_days(outdated_judged_days) }}",
        post_hook=[
            "{{ keep_noted_days(hits_fingerprint()) }}",
            "{{ remember('int_clicks__received_days') }}",
            "{{ remember('int_master__internal_traffic_versions') }}",
        ],
        dist='click_id',
        sort=['date_key'],
        indexes=[{'columns': ['date_key']}],
    )
}}

{#- Each rule reads the few columns it needs by itself: a shared selection would be stored. -#}
{%- set days = outdated_judged_days() if is_incremental() else [] %}
{#- The files of the clicks of these days: their signals are read, and not those of every click. -#}
{%- set files = first_column(
    'select distinct file_id from (select * from ' ~ ref('int_clicks__keyed') ~ ') as keyed where '
    ~ in_list('date_key', days)
) if is_incremental() else [] %}
{#- Whose clicks are counted, and the column that says it. -#}
{%- set counted = {'visitor': 'visitor_id', 'ip_prefix': 'ip_prefix'} %}
{#- Sources whose clicks have ids. A log's line is known by its content, address included. -#}
{%- set identified = [
    'stg_redirector__clicks',
    'stg_everflow__clicks',
    'stg_partnerize__clicks',
    'stg_snowplow__events',
] %}

with

rules as (
    select
        rule_id,
        version,
        kind,
        scope,
        threshold,
        window_seconds,
        minimum_clicks,
        peer_ratio,
        priority,
        severity,
        valid_from,
        valid_to
    from {{ ref('int_click_quality_rules__in_force') }}
),

partners as (
    select
        date_key,
        network_code,
        partner_source_id,
        clicks,
        herfindahl_index,
        median_herfindahl_index
    from {{ ref('int_partners__concentration') }}
),

judged_networks as (
    select
        ip_prefix,
        rule_id,
        version
    from {{ ref('int_networks__judged') }}
),

all_signals as (
    select
        file_id,
        line_number,
        is_head,
        is_prefetch,
        is_test,
        is_refused,
        page_viewed_at
    from {{ ref('int_clicks__signals') }}
    {% if is_incremental() %}
        where {{ in_list('file_id', files) }}
    {% endif %}
),

received as (
    select
        click_id,
        file_id,
        line_number,
        copies
    from {{ ref('int_clicks__received') }}
),

{% for model in identified %}
    {{ model }}_records as (
        select
            file_id,
            line_number,
            ip_hash
        from {{ ref(model) }}
    ),

{% endfor %}
clicks as (
    select
        click_id,
        date_key,
        visitor_id,
        ip_prefix,
        file_id,
        line_number,
        clicked_at
    from {{ ref('int_clicks__keyed') }}
    {% if is_incremental() %}
        where {{ on_days(days, 'date_key', 'clicked_at') }}
    {% endif %}
),

traffic as (
    select
        ip_prefix,
        cookie_hash,
        url_parameter,
        valid_from,
        valid_to
    from {{ ref('int_master__internal_traffic_versions') }}
    where not is_deleted
),

concentrated as (
    select
        partners.date_key,
        partners.network_code,
        partners.partner_source_id,
        rules.rule_id,
        rules.version
    from partners
    inner join rules
        on
            rules.kind = 'concentration'
            and partners.clicks >= rules.minimum_clicks
            and partners.herfindahl_index >= rules.threshold
            and partners.herfindahl_index >= rules.peer_ratio * partners.median_herfindahl_index
    {% if is_incremental() %}
        where {{ in_list('partners.date_key', days) }}
    {% endif %}
),

judged_agents as (
    select
        user_agent,
        rule_id,
        version
    from {{ ref('int_user_agents__judged') }}
),

wide_clicks as (
    select
        file_id,
        line_number,
        date_key,
        user_agent,
        cookie_hash,
        partner_source_id,
        coalesce(network_code, 'none') as network_code,
        -- Only where the source would have told: most networks' exports have no user agents at all.
        coalesce(user_agent, '') = ''
        and source_name in ({{ sources_with_user_agents() }}) as lacks_agent,
        clicked_at
    from {{ ref('int_clicks__deduplicated') }}
    {% if is_incremental() %}
        where {{ on_days(days, 'date_key', 'clicked_at') }}
    {% endif %}
),

-- The wide clicks are read once, and of them few are kept: those that may be hit.
marked as (
    select
        file_id,
        line_number,
        date_key,
        user_agent,
        cookie_hash,
        partner_source_id,
        network_code,
        lacks_agent,
        clicked_at
    from wide_clicks
    where
        lacks_agent
        or user_agent in (select judged_agents.user_agent from judged_agents)
        or cookie_hash in (select traffic.cookie_hash from traffic)
        or partner_source_id in (select concentrated.partner_source_id from concentrated)
),

-- MRC: "bots and spiders or other crawlers", "non-browser user-agent headers".
agent_hits as (
    select
        marked.file_id,
        marked.line_number,
        judged_agents.rule_id,
        judged_agents.version
    from marked
    inner join judged_agents on marked.user_agent = judged_agents.user_agent
),

missing_agent_hits as (
    select
        marked.file_id,
        marked.line_number,
        rules.rule_id,
        rules.version
    from marked
    inner join rules on rules.kind = 'missing_user_agent'
    where marked.lacks_agent
),

-- MRC: "known data-center traffic".
network_hits as (
    select
        clicks.file_id,
        clicks.line_number,
        judged_networks.rule_id,
        judged_networks.version
    from clicks
    inner join judged_networks on clicks.ip_prefix = judged_networks.ip_prefix
),

signals as (
    select
        clicks.file_id,
        clicks.line_number,
        clicks.clicked_at,
        all_signals.is_head,
        all_signals.is_prefetch,
        all_signals.is_test,
        all_signals.is_refused,
        all_signals.page_viewed_at
    from clicks
    inner join all_signals
        on
            clicks.file_id = all_signals.file_id
            and clicks.line_number = all_signals.line_number
),

signal_hits as (
    select
        signals.file_id,
        signals.line_number,
        rules.rule_id,
        rules.version
    from signals
    inner join rules
        on
            (rules.kind = 'test' and signals.is_test)
            or (rules.kind = 'network_verdict' and signals.is_refused)
            -- MRC: "pre-fetch or browser pre-rendered traffic".
            or (rules.kind = 'prefetch' and rules.scope = 'purpose' and signals.is_prefetch)
            or (rules.kind = 'prefetch' and rules.scope = 'method' and signals.is_head)
            -- Voluum: "a time window between displaying and clicking the ad shorter than 800 ms".
            or (
                rules.kind = 'timing'
                and signals.clicked_at >= signals.page_viewed_at
                and signals.clicked_at
                < {{ dbt.dateadd(
                    'millisecond', 'cast(rules.threshold as integer)', 'signals.page_viewed_at'
                ) }}
            )
            -- Nobody clicks on a page before it is there.
            or (
                rules.kind = 'sequence'
                and {{ dbt.dateadd(
                    'millisecond', 'cast(rules.threshold as integer)', 'signals.clicked_at'
                ) }}
                < signals.page_viewed_at
            )
),

landings as (
    select
        file_id,
        line_number,
        landing_url,
        clicked_at
    from {{ ref('int_clicks__deduplicated') }}
    {% if is_incremental() %}
        where {{ on_days(days, 'date_key', 'clicked_at') }}
    {% endif %}
),

-- Three ways of being internal (see is_internal_click), each a join of its own: with `or` it would
-- be a product.
internal_clicks as (
    select
        clicks.file_id,
        clicks.line_number
    from clicks
    inner join traffic
        on
            clicks.ip_prefix = traffic.ip_prefix
            and clicks.clicked_at >= traffic.valid_from
            and clicks.clicked_at < traffic.valid_to
    union
    select
        marked.file_id,
        marked.line_number
    from marked
    inner join traffic
        on
            marked.cookie_hash = traffic.cookie_hash
            and marked.clicked_at >= traffic.valid_from
            and marked.clicked_at < traffic.valid_to
    union
    select
        landings.file_id,
        landings.line_number
    from landings
    inner join traffic
        on
            {{ has_url_parameter('landings.landing_url', 'traffic.url_parameter') }}
            and landings.clicked_at >= traffic.valid_from
            and landings.clicked_at < traffic.valid_to
),

internal_hits as (
    select
        internal_clicks.file_id,
        internal_clicks.line_number,
        rules.rule_id,
        rules.version
    from internal_clicks
    cross join rules
    where rules.kind = 'internal'
),

lowest_thresholds as (
    select
        scope,
        min(threshold) as threshold
    from rules
    where kind = 'activity'
    group by scope
),

{% for scope, column in counted.items() %}
    -- Few make more clicks in a day than are allowed in a window: only those are looked at closely.
    busy_{{ scope }}s as (
        select
            clicks.{{ column }},
            clicks.date_key,
            lowest.scope
        from clicks
        inner join lowest_thresholds as lowest on lowest.scope = '{{ scope }}'
        where clicks.{{ column }} is not null
        group by clicks.{{ column }}, clicks.date_key, lowest.scope, lowest.threshold
        having count(*) > lowest.threshold
    ),

    {{ scope }}_windows as (
        select
            clicks.file_id,
            clicks.line_number,
            rules.rule_id,
            rules.version,
            rules.threshold,
            count(*) over (
                partition by
                    rules.rule_id,
                    rules.version,
                    clicks.{{ column }},
                    floor(extract(epoch from clicks.clicked_at) / rules.window_seconds)
            ) as window_clicks
        from clicks
        inner join busy_{{ scope }}s as busy
            on
                clicks.{{ column }} = busy.{{ column }}
                and clicks.date_key = busy.date_key
        inner join rules
            on
                rules.kind = 'activity'
                and busy.scope = rules.scope
                and {{ in_force_at('clicks.clicked_at', once='busy.scope = rules.scope') }}
    ),

{% endfor %}
activity_hits as (
    {% for scope in counted %}
        select
            file_id,
            line_number,
            rule_id,
            version
        from {{ scope }}_windows
        where window_clicks > threshold
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- All records of the clicks that were delivered more than once.
copies as (
    select
        received.click_id,
        received.file_id,
        received.line_number
    from received
    inner join clicks on received.click_id = clicks.click_id
    where received.copies > 1
),

addresses as (
    {% for model in identified %}
        select
            copies.click_id,
            {{ model }}_records.ip_hash
        from {{ model }}_records
        inner join copies
            on
                {{ model }}_records.file_id = copies.file_id
                and {{ model }}_records.line_number = copies.line_number
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

addresses_counted as (
    select
        click_id,
        count(distinct ip_hash) as addresses
    from addresses
    group by click_id
),

click_id_hits as (
    select
        clicks.file_id,
        clicks.line_number,
        rules.rule_id,
        rules.version
    from addresses_counted
    inner join clicks on addresses_counted.click_id = clicks.click_id
    inner join rules
        on
            rules.kind = 'click_id'
            and addresses_counted.addresses >= rules.threshold
),

concentration_hits as (
    select
        marked.file_id,
        marked.line_number,
        concentrated.rule_id,
        concentrated.version
    from marked
    inner join concentrated
        on
            marked.date_key = concentrated.date_key
            and marked.partner_source_id = concentrated.partner_source_id
            and marked.network_code = concentrated.network_code
),

hits as (
    {% for kind in [
        'agent', 'missing_agent', 'network', 'signal', 'internal', 'activity', 'click_id',
        'concentration',
    ] %}
        select
            file_id,
            line_number,
            rule_id,
            version
        from {{ kind }}_hits
        {{ 'union' if not loop.last }}
    {% endfor %}
),

-- The version of the click's own moment judges it, and no other.
final as (
    select
        clicks.click_id,
        rules.rule_id,
        rules.version,
        rules.severity,
        clicks.date_key,
        rules.priority
    from hits
    inner join clicks
        on
            hits.file_id = clicks.file_id
            and hits.line_number = clicks.line_number
    inner join rules
        on
            hits.rule_id = rules.rule_id
            and hits.version = rules.version
            and {{ in_force_at('clicks.clicked_at', once='hits.version = rules.version') }}
)

select * from final
