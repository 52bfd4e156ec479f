{%- set members = ['advertiser', 'program', 'partner'] -%}
{%- set amounts = ['sale_amount', 'commission_amount', 'network_fee_amount'] -%}

{{ config(dist='even', sort=['date_key'], indexes=[{'columns': ['date_key']}]) }}

with

reports as (
    select
        network_report_key,
        network_code,
        side,
        account_code,
        {% for member in members %}
            {{ member }}_source_id,
        {% endfor %}
        time_zone,
        basis,
        currency_code,
        clicks,
        counted_clicks,
        sales,
        {{ amounts | join(',\n        ') }},
        is_net,
        has_bonus,
        file_id,
        line_number,
        reported_date,
        pulled_at,
        -- A report is of a whole day; its members are those at the day's beginning.
        cast(reported_date as timestamp) as reported_at
    from {{ ref('int_network_reports__last_pulled') }}
),

{% for member in members %}
    {{ member }}_versions as (
        {{ member_versions(member) | indent(8) }}
    ),

{% endfor %}
advertisers as (
    select
        advertiser_key,
        reporting_currency_code
    from {{ ref('dim_advertiser') }}
),

accounts as (
    select
        network_account_key,
        network_code,
        side,
        account_id,
        valid_from,
        valid_to
    from {{ ref('int_master__network_account_versions') }}
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

rates as (
    select
        date_day,
        from_currency,
        to_currency,
        rate
    from {{ ref('int_currencies__daily_rates') }}
),

keyed as (
    select
        reports.network_report_key,
        reports.network_code,
        coalesce(accounts.network_account_key, -1) as network_account_key,
        {% for member in members %}
            coalesce({{ member }}_versions.member_key, -1) as {{ member }}_key,
        {% endfor %}
        reports.side,
        reports.account_code,
        reports.time_zone,
        reports.basis,
        reports.currency_code,
        reports.clicks,
        reports.counted_clicks,
        reports.sales,
        {% for amount in amounts %}
            reports.{{ amount }},
        {% endfor %}
        reports.is_net,
        reports.has_bonus,
        reports.file_id,
        reports.line_number,
        reports.reported_date,
        reports.pulled_at
    from reports
    {% for member in members %}
        left join {{ member }}_versions
            on
                {{ is_version_at('reports', member, 'reports.reported_at') | indent(16) }}
    {% endfor %}
    left join accounts
        on
            reports.network_code = accounts.network_code
            and reports.side = accounts.side
            and reports.account_code = accounts.account_id
            and reports.reported_at >= accounts.valid_from
            and reports.reported_at < accounts.valid_to
),

priced as (
    select
        keyed.*,
        {{ reporting_currency() }} as reporting_currency_code,
        coalesce(advertisers.reporting_currency_code, {{ reporting_currency() }})
            as client_currency_code
    from keyed
    left join advertisers on keyed.advertiser_key = advertisers.advertiser_key
),

final as (
    select
        priced.network_report_key,
        {{ date_key('priced.reported_date') }} as date_key,
        coalesce(networks.network_key, -1) as network_key,
        priced.network_account_key,
        {% for member in members %}
            priced.{{ member }}_key,
        {% endfor %}
        coalesce(currencies.currency_key, -1) as currency_key,
        cast(priced.side as varchar(20)) as side,
        cast(priced.account_code as varchar(128)) as account_code,
        cast(priced.time_zone as varchar(63)) as time_zone,
        cast(priced.basis as varchar(10)) as basis,
        cast(priced.currency_code as varchar(3)) as currency_code,
        priced.reporting_currency_code,
        cast(priced.client_currency_code as varchar(3)) as client_currency_code,
        priced.clicks,
        cast(priced.counted_clicks as varchar(10)) as counted_clicks,
        priced.sales,
        {% for amount in amounts %}
            cast(priced.{{ amount }} as numeric(18, 6)) as {{ amount }},
        {% endfor %}
        {% for amount in amounts %}
            {{ converted_amount('priced.' ~ amount, 'reporting_rates.rate') }}
                as reporting_{{ amount }},
        {% endfor %}
        {% for amount in amounts %}
            {{ converted_amount('priced.' ~ amount, 'client_rates.rate') }} as client_{{ amount }},
        {% endfor %}
        priced.is_net,
        priced.has_bonus,
        priced.file_id,
        priced.line_number,
        priced.reported_date,
        priced.pulled_at
    from priced
    left join networks on priced.network_code = networks.network_code
    left join currencies on priced.currency_code = currencies.currency_code
    {% for purpose in ['reporting', 'client'] %}
        left join rates as {{ purpose }}_rates
            on
                priced.reported_date = {{ purpose }}_rates.date_day
                and priced.currency_code = {{ purpose }}_rates.from_currency
                and priced.{{ purpose }}_currency_code = {{ purpose }}_rates.to_currency
    {% endfor %}
)

select * from final
