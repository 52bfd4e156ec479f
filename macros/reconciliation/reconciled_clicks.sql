{#- One row per report that says clicks, day and advertiser: our unique clicks, and what each step towards the report's own
    way of counting makes of them. Ours are all clicks on the network's links, or those of the members that the report names. -#}
{% macro reconciled_clicks(lines, days) -%}
    {%- set kinds = ['advertiser', 'program', 'partner'] -%}
    {%- set is_counted -%}
        click_class = 'unique'
        or (click_class = 'duplicate' and counted_clicks in ('valid', 'gross'))
        or (click_class = 'invalid' and counted_clicks = 'gross')
    {%- endset -%}
    {#- On our days, and on those of the report's time zone: the steps that are counted there. -#}
    {%- set counted = {
        'own_date': {
            'ours': "click_class = 'unique' and is_mapped",
            'unmapped': "click_class = 'unique'",
            'duplicates': "click_class != 'invalid' and (" ~ is_counted ~ ")",
            'filters': is_counted,
        },
        'zone_date': {
            'time_zone': is_counted,
            'late_rows': "is_in_time and (" ~ is_counted ~ ")",
        },
    } -%}
    {%- set steps = counted['own_date'].keys() | list + counted['zone_date'].keys() | list -%}
    with

    members as (
        select
            report_key,
            kind,
            line_source_id,
            current_key
        from {{ ref('int_network_reports__members') }}
    ),

    {% for kind in kinds -%}
        {{ kind }}_members as (
            select distinct
                report_key,
                line_source_id,
                current_key
            from members
            where kind = '{{ kind }}'
        ),

    {% endfor -%}
    networks as (
        select
            network_key,
            network_code
        from {{ ref('dim_network') }}
    ),

    advertisers as (
        select
            advertiser_key,
            is_mapped
        from {{ ref('dim_advertiser') }}
    ),

    clicks as (
        select
            network_key,
            advertiser_key,
            {% for kind in kinds -%}
                {{ kind }}_current_key,
            {% endfor -%}
            click_class,
            clicked_date,
            clicked_at
        from {{ ref('fct_clicks') }}
    ),

    covered as (
        select
            report_key,
            date_day,
            clicks_until
        from {{ days }}
        where clicks_until is not null
    ),

    spans as (
        select
            report_key,
            min(date_day) as first_date,
            max(date_day) as last_date
        from covered
        group by report_key
    ),

    meanings as (
        select
            report_key,
            network_code,
            time_zone,
            max(counted_clicks) as counted_clicks
        from {{ lines }}
        where clicks is not null
        group by report_key, network_code, time_zone
    ),

    naming as (
        select
            report_key,
            {% for kind in kinds -%}
                max(case when kind = '{{ kind }}' then 1 else 0 end) as names_{{ kind }}
                {{- ',' if not loop.last }}
            {% endfor %}
        from members
        group by report_key
    ),

    reports as (
        select
            meanings.report_key,
            meanings.time_zone,
            meanings.counted_clicks,
            networks.network_key,
            {% for kind in kinds -%}
                coalesce(naming.names_{{ kind }}, 0) as names_{{ kind }},
            {% endfor -%}
            -- A day more on both sides, for the time zone.
            {{ dbt.dateadd('day', -1, 'spans.first_date') }} as first_date,
            {{ dbt.dateadd('day', 1, 'spans.last_date') }} as last_date
        from meanings
        inner join spans on meanings.report_key = spans.report_key
        inner join networks on meanings.network_code = networks.network_code
        left join naming on meanings.report_key = naming.report_key
    ),

    owned as (
        select
            reports.report_key,
            reports.counted_clicks,
            coalesce(advertiser_members.line_source_id, '') as advertiser_source_id,
            clicks.click_class,
            reports.names_advertiser = 0 or coalesce(advertisers.is_mapped, false) as is_mapped,
            clicks.clicked_date as own_date,
            cast({{ zone_timestamp('clicks.clicked_at', 'reports.time_zone') }} as date)
                as zone_date,
            clicks.clicked_at
        from reports
        inner join clicks
            on
                reports.network_key = clicks.network_key
                and reports.first_date <= clicks.clicked_date
                and reports.last_date >= clicks.clicked_date
        left join advertisers on clicks.advertiser_key = advertisers.advertiser_key
        {% for kind in kinds -%}
            left join {{ kind }}_members
                on
                    reports.report_key = {{ kind }}_members.report_key
                    and clicks.{{ kind }}_current_key = {{ kind }}_members.current_key
        {% endfor -%}
        where
            {% for kind in kinds -%}
                {{ 'and ' if not loop.first -}}
                (reports.names_{{ kind }} = 0 or {{ kind }}_members.current_key is not null)
            {% endfor %}
    ),

    timed as (
        select
            owned.*,
            coalesce(owned.clicked_at < covered.clicks_until, false) as is_in_time
        from owned
        left join covered
            on
                owned.report_key = covered.report_key
                and owned.zone_date = covered.date_day
    ),

    placed as (
        {% for date, conditions in counted.items() -%}
            select
                report_key,
                {{ date }} as date_day,
                advertiser_source_id,
                {% for step in steps -%}
                    {% if step in conditions -%}
                        sum(case when {{ conditions[step] }} then 1 else 0 end)
                    {%- else -%}
                        0
                    {%- endif %} as at_{{ step }}
                    {{- ',' if not loop.last }}
                {% endfor %}
            from timed
            group by report_key, {{ date }}, advertiser_source_id
            {{ 'union all' if not loop.last }}
        {% endfor %}
    ),

    summed as (
        select
            report_key,
            date_day,
            advertiser_source_id,
            {% for step in steps -%}
                cast(sum(at_{{ step }}) as numeric(18, 6)) as at_{{ step }}
                {{- ',' if not loop.last }}
            {% endfor %}
        from placed
        group by report_key, date_day, advertiser_source_id
    )

    select
        summed.report_key,
        summed.date_day,
        summed.advertiser_source_id,
        summed.at_ours as ours,
        {% for step in reconciliation_steps()[1:] -%}
            {% if step in steps -%}
                summed.at_{{ step }} - summed.at_{{ steps[steps.index(step) - 1] }}
            {%- else -%}
                0
            {%- endif %} as by_{{ step }},
        {% endfor -%}
        summed.at_{{ steps[-1] }} as expected
    from summed
    inner join covered
        on
            summed.report_key = covered.report_key
            and summed.date_day = covered.date_day
{%- endmacro %}
