{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

rules as (
    select
        unique_key,
        duplicate_key,
        rule_id,
        version,
        click_key,
        scope,
        window_kind,
        window_seconds,
        is_default,
        valid_from,
        valid_to
    from {{ ref('int_uniqueness_rules__in_force') }}
),

choices as (
    select
        advertiser_code,
        rule_id,
        valid_from,
        valid_to
    from {{ ref('int_master__uniqueness_rule_versions') }}
    where
        rule_id is not null
        and not is_deleted
),

crosswalk as (
    select
        network_code,
        source_id,
        code,
        valid_from,
        valid_to
    from {{ ref('int_master__crosswalk_versions') }}
    where
        kind = 'advertiser'
        and not is_deleted
),

-- The times in which a network's id stands for an advertiser that has made a choice.
chosen as (
    select
        crosswalk.network_code,
        crosswalk.source_id,
        choices.rule_id,
        greatest(crosswalk.valid_from, choices.valid_from) as valid_from,
        least(crosswalk.valid_to, choices.valid_to) as valid_to
    from crosswalk
    inner join choices
        on
            crosswalk.code = choices.advertiser_code
            and crosswalk.valid_from < choices.valid_to
            and crosswalk.valid_to > choices.valid_from
),

unioned as (
    select
        chosen.network_code,
        chosen.source_id,
        rules.unique_key,
        rules.duplicate_key,
        rules.rule_id,
        rules.version,
        rules.click_key,
        rules.scope,
        rules.window_kind,
        rules.window_seconds,
        greatest(chosen.valid_from, rules.valid_from) as valid_from,
        least(chosen.valid_to, rules.valid_to) as valid_to
    from chosen
    inner join rules
        on
            chosen.rule_id = rules.rule_id
            and chosen.valid_from < rules.valid_to
            and chosen.valid_to > rules.valid_from
    union all
    select
        '*' as network_code,
        '*' as source_id,
        unique_key,
        duplicate_key,
        rule_id,
        version,
        click_key,
        scope,
        window_kind,
        window_seconds,
        valid_from,
        valid_to
    from rules
    where is_default
),

final as (
    select
        cast(network_code as varchar(30)) as network_code,
        cast(source_id as varchar(128)) as source_id,
        unique_key,
        duplicate_key,
        rule_id,
        version,
        click_key,
        scope,
        window_kind,
        window_seconds,
        valid_from,
        valid_to
    from unioned
)

select * from final
