{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['rule_id', 'version'],
        on_schema_change='fail',
        contract={'enforced': true},
        dist='all',
        post_hook="{{ forget_gone_rules('uniqueness_rules') }}",
    )
}}

{%- set parameters = ['click_key', 'scope', 'window_seconds', 'window_kind', 'is_default'] %}

with

rules as (
    select
        rule_id,
        version,
        click_key,
        scope,
        window_kind,
        description,
        standard_says,
        source_url,
        window_seconds,
        is_default,
        valid_from,
        valid_to
    from {{ ref('uniqueness_rules') }}
),

final as (
    select
        {{ dimension_key(["'uniqueness'", 'rule_id', 'version', "'unique'"]) }} as unique_key,
        {{ dimension_key(["'uniqueness'", 'rule_id', 'version', "'duplicate'"]) }}
            as duplicate_key,
        rule_id,
        version,
        click_key,
        scope,
        window_kind,
        description,
        standard_says,
        source_url,
        window_seconds,
        is_default,
        valid_from,
        valid_to
    from rules
    where {{ rules_may_change('uniqueness_rules', parameters) }}
)

select * from final
