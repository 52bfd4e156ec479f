{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='report_day_key',
        on_schema_change='fail',
        contract={'enforced': true},
        pre_hook="{{ forget_outdated('report_day_key', outdated_report_days) }}",
        post_hook=[
            "{{ remember('int_network_reports__clicked_days') }}",
            "{{ remember_days('fct_clicks') }}",
        ],
        dist='even',
        sort=['report_key', 'date_day'],
        indexes=[{'columns': ['report_day_key']}],
    )
}}

{%- set kinds = ['advertiser', 'program', 'partner'] %}
{%- set counted = reconciliation_click_steps() %}
{%- set steps = counted['own_date'].keys() | list + counted['zone_date'].keys() | list %}
{%- if is_incremental() %}
    {%- set outdated = outdated_report_days() %}
    {%- set days = days_around(
        first_column(
            'select distinct date_key from '
            ~ ref('int_network_reports__clicked_days')
            ~ ' where report_day_key in (' ~ outdated ~ ')'
        ),
        1, 1,
    ) %}
{%- endif %}

with

report_days as (
    select *
    from {{ ref('int_network_reports__clicked_days') }}
    {% if is_incremental() %}
        where report_day_key in ({{ outdated }})
    {% endif %}
),

members as (
    select
        report_key,
        kind,
        line_source_id,
        current_key
    from {{ ref('int_network_reports__members') }}
),

{% for kind in kinds %}
    {{ kind }}_members as (
        select distinct
            report_key,
            line_source_id,
            current_key
        from members
        where kind = '{{ kind }}'
    ),

{% endfor %}
mapped_advertisers as (
    select distinct member_key
    from {{ ref('int_members__versions') }}
    where kind = 'advertiser' and is_mapped
),

clicks as (
    select
        network_key,
        advertiser_key,
        {% for kind in kinds %}
            {{ kind }}_current_key,
        {% endfor %}
        click_class,
        clicked_date,
        clicked_at
    from {{ ref('fct_clicks') }}
    {% if is_incremental() %}
        where {{ on_days(days, 'date_key', 'clicked_at') }}
    {% endif %}
),

reports as (
    select
        report_key,
        network_key,
        time_zone,
        counted_clicks,
        {% for kind in kinds %}
            names_{{ kind }},
        {% endfor %}
        -- A day more on both sides, for the time zone.
        {{ dbt.dateadd('day', -1, 'min(date_day)') }} as first_date,
        {{ dbt.dateadd('day', 1, 'max(date_day)') }} as last_date
    from report_days
    group by
        report_key,
        network_key,
        time_zone,
        counted_clicks,
        names_{{ kinds | join(', names_') }}
),

owned as (
    select
        reports.report_key,
        reports.counted_clicks,
        coalesce(advertiser_members.line_source_id, '') as advertiser_source_id,
        clicks.click_class,
        not reports.names_advertiser or mapped_advertisers.member_key is not null as is_mapped,
        clicks.clicked_date as own_date,
        cast({{ zone_timestamp('clicks.clicked_at', 'reports.time_zone') }} as date) as zone_date,
        clicks.clicked_at
    from reports
    inner join clicks
        on
            reports.network_key = clicks.network_key
            and reports.first_date <= clicks.clicked_date
            and reports.last_date >= clicks.clicked_date
    left join mapped_advertisers on clicks.advertiser_key = mapped_advertisers.member_key
    {% for kind in kinds %}
        left join {{ kind }}_members
            on
                reports.report_key = {{ kind }}_members.report_key
                and clicks.{{ kind }}_current_key = {{ kind }}_members.current_key
    {% endfor %}
    where
        {% for kind in kinds %}
            {{ 'and ' if not loop.first }}(
                not reports.names_{{ kind }} or {{ kind }}_members.current_key is not null
            )
        {% endfor %}
),

timed as (
    select
        owned.*,
        coalesce(owned.clicked_at < report_days.clicks_until, false) as is_in_time
    from owned
    left join report_days
        on
            owned.report_key = report_days.report_key
            and owned.zone_date = report_days.date_day
),

placed as (
    {% for date, conditions in counted.items() %}
        select
            report_key,
            {{ date }} as date_day,
            {% for step in steps %}
                sum(case when {{ conditions.get(step, '1 = 0') }} then 1 else 0 end)
                    as at_{{ step }},
            {% endfor %}
            advertiser_source_id
        from timed
        group by report_key, {{ date }}, advertiser_source_id
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

summed as (
    select
        report_key,
        date_day,
        {% for step in steps %}
            sum(at_{{ step }}) as at_{{ step }},
        {% endfor %}
        advertiser_source_id
    from placed
    group by report_key, date_day, advertiser_source_id
),

final as (
    select
        report_days.report_day_key,
        report_days.report_key,
        cast(summed.advertiser_source_id as varchar(128)) as advertiser_source_id,
        {% for step in steps %}
            cast(summed.at_{{ step }} as numeric(18, 6)) as at_{{ step }},
        {% endfor %}
        report_days.date_day
    from summed
    inner join report_days
        on
            summed.report_key = report_days.report_key
            and summed.date_day = report_days.date_day
)

select * from final
