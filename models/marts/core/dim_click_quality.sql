{{ config(dist='all', sort=['click_quality_key']) }}

with

quality_rules as (
    select
        quality_key,
        rule_id,
        version,
        severity,
        kind,
        priority,
        description,
        standard_says,
        source_url,
        valid_from,
        valid_to
    from {{ ref('int_click_quality_rules__in_force') }}
),

uniqueness_rules as (
    select
        unique_key,
        duplicate_key,
        rule_id,
        version,
        description,
        standard_says,
        source_url,
        valid_from,
        valid_to
    from {{ ref('int_uniqueness_rules__in_force') }}
),

unioned as (
    select
        quality_key as click_quality_key,
        rule_id,
        version,
        kind,
        severity as verdict,
        priority,
        description,
        standard_says,
        source_url,
        valid_from,
        valid_to
    from quality_rules
    {% for verdict in ['unique', 'duplicate'] %}
        union all
        select
            {{ verdict }}_key as click_quality_key,
            rule_id,
            version,
            'uniqueness' as kind,
            '{{ verdict }}' as verdict,
            cast(null as integer) as priority,
            description,
            standard_says,
            source_url,
            valid_from,
            valid_to
        from uniqueness_rules
    {% endfor %}
    union all
    select
        cast(-1 as bigint) as click_quality_key,
        'unknown' as rule_id,
        cast(null as integer) as version,
        'unknown' as kind,
        'unknown' as verdict,
        cast(null as integer) as priority,
        cast(null as varchar(255)) as description,
        cast(null as varchar(500)) as standard_says,
        cast(null as varchar(255)) as source_url,
        cast(null as timestamp) as valid_from,
        cast(null as timestamp) as valid_to
),

final as (
    select
        click_quality_key,
        cast(rule_id as varchar(40)) as rule_id,
        version as rule_version,
        cast(kind as varchar(30)) as kind,
        cast(verdict as varchar(10)) as verdict,
        priority,
        cast(description as varchar(255)) as description,
        cast(standard_says as varchar(500)) as standard_says,
        cast(source_url as varchar(255)) as source_url,
        valid_from,
        valid_to
    from unioned
)

select * from final
