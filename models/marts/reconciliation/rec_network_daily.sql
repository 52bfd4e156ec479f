{{ config(dist='even', sort=['date_key'], indexes=[{'columns': ['date_key']}]) }}

{%- set steps = reconciliation_steps()[1:] -%}
{%- set counted = reconciliation_click_steps() -%}
{%- set click_steps = counted['own_date'].keys() | list + counted['zone_date'].keys() | list -%}
{%- set amounts = reconciliation_measures() -%}
{%- set measures = amounts + ['clicks'] -%}
{%- set meaning = [
    'network_code', 'side', 'account_code', 'time_zone', 'basis', 'is_net', 'has_bonus',
] -%}
{%- set line = ['report_key', 'reported_date', 'advertiser_source_id', 'currency_code'] %}

with

lines as (
    select *
    from {{ ref('int_network_reports__compared') }}
),

days as (
    select
        report_key,
        date_day,
        clicks_until,
        pulled_at
    from {{ ref('int_network_reports__days') }}
),

steps as (
    select *
    from {{ ref('int_reconciliation__steps') }}
),

exceptions as (
    select
        network_code,
        side,
        account_code,
        cast(coalesce(advertiser_source_id, '') as varchar(128)) as advertiser_source_id,
        cast(coalesce(currency_code, '') as varchar(3)) as currency_code,
        measure,
        reported_date,
        sum(amount) as accepted
    from {{ ref('reconciliation_exceptions') }}
    group by
        network_code,
        side,
        account_code,
        coalesce(advertiser_source_id, ''),
        coalesce(currency_code, ''),
        measure,
        reported_date
),

advertiser_versions as (
    {{ member_versions('advertiser') | indent(4) }}
),

networks as (
    select
        network_key,
        network_code
    from {{ ref('dim_network') }}
),

currencies as (
    select
        currency_key,
        currency_code
    from {{ ref('dim_currency') }}
),

clicks as (
    select *
    from {{ ref('int_reconciliation__clicks') }}
),

-- Of an advertiser with several ids, all clicks stand under the first of them.
click_members as (
    select
        report_key,
        source_id,
        line_source_id,
        valid_from,
        valid_to
    from {{ ref('int_network_reports__members') }}
    where kind = 'advertiser'
),

reports as (
    select
        report_key,
        {{ meaning | join(',\n        ') }},
        {% for measure in measures %}
            max(case when {{ measure }} is not null then 1 else 0 end) as says_{{ measure }},
        {% endfor %}
        count(*) as days
    from lines
    group by report_key, {{ meaning | join(', ') }}
),

-- Every day that the report covers: what we have of it, and what it says itself.
numbers as (
    select
        steps.report_key,
        steps.date_day as reported_date,
        steps.advertiser_source_id,
        steps.currency_code,
        steps.measure,
        steps.ours,
        {% for step in steps %}
            steps.by_{{ step }},
        {% endfor %}
        steps.expected,
        case when steps.misses_fees then 1 else 0 end as misses_fees,
        case when steps.is_provisional then 1 else 0 end as is_provisional,
        0 as reported,
        0 as is_reported
    from steps
    inner join days
        on
            steps.report_key = days.report_key
            and steps.date_day = days.date_day
    union all
    select
        report_key,
        date_day as reported_date,
        advertiser_source_id,
        '' as currency_code,
        'clicks' as measure,
        at_ours as ours,
        {% for step in steps %}
            {% if step in click_steps %}
                at_{{ step }} - at_{{ click_steps[click_steps.index(step) - 1] }} as by_{{ step }},
            {% else %}
                0 as by_{{ step }},
            {% endif %}
        {% endfor %}
        at_{{ click_steps[-1] }} as expected,
        0 as misses_fees,
        0 as is_provisional,
        0 as reported,
        0 as is_reported
    from clicks
    {% for measure in amounts %}
        union all
        select
            {{ line | join(',
            ') }},
            '{{ measure }}' as measure,
            0 as ours,
            {% for step in steps %}
                0 as by_{{ step }},
            {% endfor %}
            0 as expected,
            0 as misses_fees,
            0 as is_provisional,
            coalesce({{ measure }}, 0) as reported,
            1 as is_reported
        from lines
        -- Clicks have no currency: a line of them says nothing of money.
        where currency_code != '' or {{ measure }} is not null
    {% endfor %}
    union all
    select
        lines.report_key,
        lines.reported_date,
        coalesce(click_members.line_source_id, lines.advertiser_source_id) as advertiser_source_id,
        '' as currency_code,
        'clicks' as measure,
        0 as ours,
        {% for step in steps %}
            0 as by_{{ step }},
        {% endfor %}
        0 as expected,
        0 as misses_fees,
        0 as is_provisional,
        lines.clicks as reported,
        1 as is_reported
    from lines
    left join click_members
        on
            lines.report_key = click_members.report_key
            and lines.advertiser_source_id = click_members.source_id
            and cast(lines.reported_date as timestamp) >= click_members.valid_from
            and cast(lines.reported_date as timestamp) < click_members.valid_to
    where lines.clicks is not null
),

measured as (
    select
        {{ line | join(',
        ') }},
        measure,
        sum(ours) as ours,
        {% for step in steps %}
            sum(by_{{ step }}) as by_{{ step }},
        {% endfor %}
        sum(reported) as reported,
        sum(reported) - sum(expected) as rest,
        max(misses_fees) = 1 as misses_fees,
        max(is_provisional) = 1 as is_provisional,
        max(is_reported) = 1 as is_reported
    from numbers
    group by {{ line | join(', ') }}, measure
),

compared as (
    select
        measured.*,
        {% for column in meaning %}
            reports.{{ column }},
        {% endfor %}
        days.pulled_at,
        coalesce(exceptions.accepted, 0) as accepted
    from measured
    inner join reports
        on
            measured.report_key = reports.report_key
            and (
                {% for measure in measures %}
                    {{ 'or ' if not loop.first }}(
                        measured.measure = '{{ measure }}' and reports.says_{{ measure }} = 1
                    )
                {% endfor %}
            )
    left join days
        on
            measured.report_key = days.report_key
            and measured.reported_date = days.date_day
    left join exceptions
        on
            reports.network_code = exceptions.network_code
            and reports.side = exceptions.side
            and reports.account_code = exceptions.account_code
            and measured.advertiser_source_id = exceptions.advertiser_source_id
            and measured.currency_code = exceptions.currency_code
            and measured.measure = exceptions.measure
            and measured.reported_date = exceptions.reported_date
),

judged as (
    select
        *,
        {{ dimension_key(line + ['measure']) }} as reconciliation_key,
        -- Nobody can tell how much of it is something else.
        case when misses_fees then rest - accepted else 0 end as by_fee,
        case
            when not misses_fees and is_provisional then rest - accepted
            else 0
        end as by_provisional,
        case
            when misses_fees or is_provisional then 0
            else rest - accepted
        end as unexplained
    from compared
),

final as (
    select
        judged.reconciliation_key,
        {{ date_key('judged.reported_date') }} as date_key,
        coalesce(networks.network_key, -1) as network_key,
        coalesce(advertiser_versions.member_key, -1) as advertiser_key,
        coalesce(currencies.currency_key, -1) as currency_key,
        cast(judged.network_code as varchar(30)) as network_code,
        cast(judged.side as varchar(20)) as side,
        cast(judged.account_code as varchar(128)) as account_code,
        cast(nullif(judged.advertiser_source_id, '') as varchar(128)) as advertiser_source_id,
        cast(judged.time_zone as varchar(63)) as time_zone,
        cast(judged.basis as varchar(10)) as basis,
        cast(nullif(judged.currency_code, '') as varchar(3)) as currency_code,
        cast(judged.measure as varchar(20)) as measure,
        cast(judged.ours as numeric(18, 6)) as ours,
        cast(judged.reported as numeric(18, 6)) as reported,
        cast(judged.reported - judged.ours as numeric(18, 6)) as difference,
        {% for cause in reconciliation_causes() %}
            cast(judged.by_{{ cause }} as numeric(18, 6)) as by_{{ cause }},
        {% endfor %}
        cast(judged.accepted as numeric(18, 6)) as accepted,
        cast(judged.unexplained as numeric(18, 6)) as unexplained,
        judged.is_net,
        judged.has_bonus,
        judged.is_reported,
        judged.reported_date,
        judged.pulled_at
    from judged
    left join networks on judged.network_code = networks.network_code
    left join currencies on judged.currency_code = currencies.currency_code
    left join advertiser_versions
        on
            {{
                is_version_at('judged', 'advertiser', 'cast(judged.reported_date as timestamp)')
                | indent(12)
            }}
)

select * from final
