{{ config(materialized='table', sort=['report_key']) }}

{%- set kinds = ['advertiser', 'program', 'partner'] %}

with

lines as (
    select
        report_key,
        network_code,
        advertiser_source_id,
        program_source_id,
        partner_source_id
    from {{ ref('int_network_reports__last_pulled') }}
    where clicks is not null
),

versions as (
    select
        kind,
        network_code,
        source_id,
        current_key,
        valid_from,
        valid_to
    from {{ ref('int_members__versions') }}
),

named as (
    {% for kind in kinds %}
        select
            report_key,
            network_code,
            cast('{{ kind }}' as varchar(20)) as kind,
            {{ kind }}_source_id as source_id
        from lines
        where {{ kind }}_source_id is not null
        {{ 'union' if not loop.last }}
    {% endfor %}
),

final as (
    select
        named.report_key,
        cast(named.kind as varchar(20)) as kind,
        cast(named.source_id as varchar(128)) as source_id,
        cast(
            min(named.source_id) over (
                partition by named.report_key, named.kind, versions.current_key
            ) as varchar(128)
        ) as line_source_id,
        versions.current_key,
        versions.valid_from,
        versions.valid_to
    from named
    inner join versions
        on
            named.kind = versions.kind
            and named.network_code = versions.network_code
            and named.source_id = versions.source_id
)

select * from final
