{{ config(materialized='table', contract={'enforced': true}, sort=['report_key', 'date_day']) }}

{%- set kinds = ['advertiser', 'program', 'partner'] %}

with

lines as (
    select
        report_key,
        network_code,
        time_zone,
        counted_clicks
    from {{ ref('int_network_reports__compared') }}
    where clicks is not null
),

days as (
    select
        report_key,
        date_day,
        clicks_until
    from {{ ref('int_network_reports__days') }}
    where clicks_until is not null
),

members as (
    select distinct
        report_key,
        kind,
        line_source_id,
        current_key
    from {{ ref('int_network_reports__members') }}
),

reports as (
    select
        report_key,
        network_code,
        time_zone,
        max(counted_clicks) as counted_clicks
    from lines
    group by report_key, network_code, time_zone
),

naming as (
    select
        report_key,
        {% for kind in kinds %}
            max(case when kind = '{{ kind }}' then 1 else 0 end) as names_{{ kind }},
        {% endfor %}
        -- Another where the members are, or stand under another id.
        sum(
            mod({{ dimension_key(['kind', 'line_source_id', 'current_key']) }}, 1000000000000)
        ) as members_state
    from members
    group by report_key
),

final as (
    select
        {{ dimension_key(['days.report_key', 'days.date_day']) }} as report_day_key,
        days.report_key,
        {{ date_key('days.date_day') }} as date_key,
        {{ dimension_key(['reports.network_code']) }} as network_key,
        cast(reports.time_zone as varchar(63)) as time_zone,
        cast(reports.counted_clicks as varchar(10)) as counted_clicks,
        cast(coalesce(naming.members_state, 0) as numeric(38, 0)) as members_state,
        {% for kind in kinds %}
            coalesce(naming.names_{{ kind }}, 0) = 1 as names_{{ kind }},
        {% endfor %}
        days.date_day,
        days.clicks_until
    from days
    inner join reports on days.report_key = reports.report_key
    left join naming on days.report_key = naming.report_key
)

select * from final
