{{ config(materialized='table', sort=['reported_date']) }}

{%- set meaning = [
    'network_code', 'side', 'account_code', 'time_zone', 'basis', 'is_net', 'has_bonus',
] %}
{%- set measures = reconciliation_measures() %}
{%- set has_only_clicks -%}
    clicks is not null and coalesce({{ measures | join(', ') }}) is null
{%- endset %}

with

lines as (
    select
        report_key,
        {{ meaning | join(',\n        ') }},
        reported_date,
        advertiser_source_id,
        currency_code,
        {{ measures | join(',\n        ') }},
        clicks,
        counted_clicks,
        sales_until,
        pulled_at,
        file_id,
        {{ has_only_clicks }} as has_only_clicks,
        -- Clicks may be pulled by themselves, and then replace no sales.
        max(pulled_at) over (
            partition by
                report_key,
                reported_date,
                advertiser_source_id,
                {{ has_only_clicks }}
        ) as last_pulled_at
    from {{ ref('int_network_reports__last_pulled') }}
),

-- A program, partner or currency that the last pull of the day no longer has is gone.
present as (
    select *
    from lines
    where pulled_at = last_pulled_at
),

final as (
    select
        report_key,
        cast(network_code as varchar(30)) as network_code,
        cast(side as varchar(20)) as side,
        cast(account_code as varchar(128)) as account_code,
        cast(time_zone as varchar(63)) as time_zone,
        cast(basis as varchar(10)) as basis,
        is_net,
        has_bonus,
        reported_date,
        cast(coalesce(advertiser_source_id, '') as varchar(128)) as advertiser_source_id,
        cast(coalesce(currency_code, '') as varchar(3)) as currency_code,
        {% for measure in measures %}
            cast(sum({{ measure }}) as numeric(18, 6)) as {{ measure }},
        {% endfor %}
        cast(sum(clicks) as numeric(18, 6)) as clicks,
        cast(
            max(case when clicks is not null then coalesce(counted_clicks, 'valid') end)
            as varchar(10)
        ) as counted_clicks,
        min(sales_until) as sales_until,
        max(pulled_at) as pulled_at,
        max(file_id) as file_id
    from present
    group by
        report_key,
        {{ meaning | join(',\n        ') }},
        reported_date,
        coalesce(advertiser_source_id, ''),
        coalesce(currency_code, '')
)

select * from final
