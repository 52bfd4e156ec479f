-- "Why does our number differ from the network's dashboard?"
-- Set the network, the first and the last day and the measure; one row per report and cause, the
-- greatest first. In a time of several days what moves between them cancels out.
{%- set network_code = var('network_code', 'everflow') -%}
{%- set first_date = var('first_date', '2026-06-01') -%}
{%- set last_date = var('last_date', '2026-06-30') -%}
{%- set measure = var('measure', 'commission_amount') -%}
{%- set report = [
    'side', 'account_code', 'advertiser_source_id', 'time_zone', 'basis', 'currency_code', 'is_net',
    'has_bonus',
] %}

with

reconciled as (
    select *
    from {{ ref('rec_network_daily') }}
    where
        network_code = '{{ network_code }}'
        and measure = '{{ measure }}'
        and reported_date >= cast('{{ first_date }}' as date)
        and reported_date <= cast('{{ last_date }}' as date)
),

causes as (
    {% for cause in reconciliation_causes() %}
        select
            {{ report | join(',\n            ') }},
            '{{ cause }}' as cause,
            by_{{ cause }} as amount
        from reconciled
        union all
    {% endfor %}
    {% for cause in ['accepted', 'unexplained'] %}
        select
            {{ report | join(',\n            ') }},
            '{{ cause }}' as cause,
            {{ cause }} as amount
        from reconciled
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
),

final as (
    select
        {{ report | join(',\n        ') }},
        cause,
        sum(amount) as amount,
        sum(abs(amount)) as moved_amount
    from causes
    group by
        {{ report | join(',\n        ') }},
        cause
    having sum(abs(amount)) != 0
)

select * from final
order by account_code asc, currency_code asc, abs(amount) desc, cause asc
