{{
    config(
        materialized='incremental',
        incremental_strategy='delete_insert_noting_days',
        unique_key='date_key',
        on_schema_change='fail',
        contract={'enforced': true},
        pre_hook="{{ forget_days(outdated_keyed_days) }}",
        post_hook=[
            "{{ keep_noted_days(keyed_fingerprint()) }}",
            "{{ remember('int_clicks__received_days') }}",
            "{{ remember('int_members__uniqueness_rules') }}",
        ],
        dist='click_id',
        sort=['date_key'],
        indexes=[{'columns': ['date_key']}],
    )
}}

-- depends_on: {{ ref('int_clicks__received_days') }}

{%- set scopes = ['advertiser', 'partner', 'program', 'campaign', 'creative'] %}

with

rules as (
    select
        network_code,
        source_id,
        unique_key,
        click_key,
        scope,
        valid_from,
        valid_to
    from {{ ref('int_members__uniqueness_rules') }}
),

clicks as (
    select
        click_id,
        date_key,
        coalesce(network_code, 'none') as network_code,
        {% for scope in scopes %}
            {{ scope }}_source_id,
        {% endfor %}
        sub_id,
        ip_prefix,
        case
            when cookie_hash is not null
                then {{ dimension_key(['cookie_hash']) }}
            when ip_hash is not null
                then {{ dimension_key(['ip_hash', 'user_agent']) }}
        end as visitor_id,
        ip_hash,
        user_agent,
        file_id,
        line_number,
        clicked_at
    from {{ ref('int_clicks__deduplicated') }}
    {% if is_incremental() %}
        where {{ on_days(outdated_keyed_days(), 'date_key', 'clicked_at') }}
    {% endif %}
),

-- "Several rules can be live for different advertisers (master data decides)".
ruled as (
    select
        clicks.click_id,
        clicks.date_key,
        clicks.network_code,
        {% for scope in scopes %}
            clicks.{{ scope }}_source_id,
        {% endfor %}
        clicks.sub_id,
        clicks.ip_prefix,
        clicks.visitor_id,
        clicks.ip_hash,
        clicks.user_agent,
        clicks.file_id,
        clicks.line_number,
        clicks.clicked_at,
        coalesce(chosen.unique_key, defaults.unique_key) as rule_key,
        coalesce(chosen.click_key, defaults.click_key) as click_key,
        coalesce(chosen.scope, defaults.scope) as scope
    from clicks
    left join rules as chosen
        on
            clicks.network_code = chosen.network_code
            and clicks.advertiser_source_id = chosen.source_id
            and clicks.clicked_at >= chosen.valid_from
            and clicks.clicked_at < chosen.valid_to
    left join rules as defaults
        on
            case when chosen.unique_key is null then '*' end = defaults.network_code
            and defaults.source_id = '*'
            and clicks.clicked_at >= defaults.valid_from
            and clicks.clicked_at < defaults.valid_to
),

-- Without a cookie, address and user agent are the visitor.
identified as (
    select
        click_id,
        date_key,
        visitor_id,
        rule_key,
        ip_prefix,
        case
            when click_key = 'sub_id' then sub_id
            when click_key = 'ip_user_agent' and ip_hash is null then null
            when click_key = 'ip_user_agent'
                then cast({{ dimension_key(['ip_hash', 'user_agent']) }} as varchar(20))
            else cast(visitor_id as varchar(20))
        end as clicker,
        case when scope != 'global' then network_code end as scope_network_code,
        case scope
            {% for scope in scopes %}
                when '{{ scope }}' then {{ scope }}_source_id
            {% endfor %}
        end as scope_source_id,
        file_id,
        line_number,
        clicked_at
    from ruled
),

final as (
    select
        click_id,
        date_key,
        visitor_id,
        rule_key,
        case
            when clicker is not null
                then
                    {{ dimension_key([
                        'rule_key',
                        'clicker',
                        'scope_network_code',
                        'scope_source_id',
                    ]) }}
        end as uniqueness_key,
        cast(ip_prefix as varchar(43)) as ip_prefix,
        file_id,
        line_number,
        clicked_at
    from identified
)

select * from final
