{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['rule_id', 'version'],
        on_schema_change='fail',
        contract={'enforced': true},
        dist='all',
        post_hook="{{ forget_gone_rules('click_quality_rules') }}",
    )
}}

{%- set parameters = [
    'priority',
    'kind',
    'severity',
    'threshold',
    'window_seconds',
    'scope',
    'minimum_clicks',
    'peer_ratio',
] %}

with

rules as (
    select
        rule_id,
        version,
        priority,
        kind,
        severity,
        scope,
        description,
        standard_says,
        source_url,
        threshold,
        window_seconds,
        minimum_clicks,
        peer_ratio,
        valid_from,
        valid_to
    from {{ ref('click_quality_rules') }}
),

final as (
    select
        {{ dimension_key(["'quality'", 'rule_id', 'version', 'severity']) }} as quality_key,
        rule_id,
        version,
        priority,
        kind,
        severity,
        scope,
        description,
        standard_says,
        source_url,
        threshold,
        window_seconds,
        minimum_clicks,
        peer_ratio,
        valid_from,
        valid_to
    from rules
    where {{ rules_may_change('click_quality_rules', parameters) }}
)

select * from final
