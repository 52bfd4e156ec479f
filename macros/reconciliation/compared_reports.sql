{#- One row per report: what its figures mean, whether its lines name advertisers, and the one currency that it knows. -#}
{% macro compared_reports(lines) -%}
    {%- set meaning = [
        'network_code', 'side', 'account_code', 'time_zone', 'basis', 'is_net', 'has_bonus',
    ] -%}
    select
        report_key,
        {{ meaning | join(',\n        ') }},
        max(case when advertiser_source_id != '' then 1 else 0 end) as names_advertisers,
        -- A report that knows one currency only is one of the account, not of its sales.
        case
            when min(nullif(currency_code, '')) = max(nullif(currency_code, ''))
                then max(currency_code)
        end as account_currency
    from {{ lines }}
    group by report_key, {{ meaning | join(', ') }}
{%- endmacro %}
