{#- The commissions (a query of their commission_key) that int_reconciliation__commissions has to compare with reports again: other
    observations or entries of theirs than it saw, or another pull of the day in the report, mapping of their advertiser or rate of
    exchange. All of them where there are other reports or feeds. -#}
{% macro outdated_reconciled_commissions() -%}
    {%- set was = '(' ~ compared_reports(remembered('int_network_reports__compared')) ~ ')' -%}
    {%- set is_now = '(' ~ compared_reports(ref('int_network_reports__compared')) ~ ')' -%}
    {%- set other_reports -%}
        select count(*) from (
            select * from ({{ was }} except {{ is_now }}) as no_longer_so
            union all
            select * from ({{ is_now }} except {{ was }}) as newly_so
        ) as other_reports
    {%- endset -%}
    {%- if
        first_column(other_reports) not in ([], [0])
        or has_changed('commission_feeds', ['feed', 'network_code', 'mode'])
    -%}
        select commission_key from {{ this }}
        union
        select commission_key from {{ ref('int_commissions__attributes') }}
    {%- else -%}
        select commission_key
        from ({{ changed_rows('int_commissions__entries', ['commission_key', 'entry_state']) }}) as changed_commissions
        union
        select compared.commission_key
        from {{ this }} as compared
        inner join (
            select
                report_key,
                reported_date as date_day
            from ({{ changed_rows('int_network_reports__compared', [
                'report_key', 'reported_date', 'advertiser_source_id', 'currency_code',
                'sales_until', 'pulled_at',
            ]) }}) as changed_lines
            union
            select
                report_key,
                date_day
            from ({{ changed_rows('int_network_reports__days', [
                'report_key', 'date_day', 'sales_until', 'pulled_at',
            ]) }}) as changed_days
        ) as pulled_days
            on
                compared.report_key = pulled_days.report_key
                and compared.zone_date = pulled_days.date_day
        union
        select attributes.commission_key
        from (select * from {{ ref('int_commissions__attributes') }}) as attributes
        inner join (
            select
                network_code,
                source_id
            from ({{ changed_rows(
                'int_members__versions',
                ['network_code', 'source_id', 'is_mapped', 'valid_from', 'valid_to'],
                "kind = 'advertiser'",
            ) }}) as changed_versions
        ) as advertisers
            on
                attributes.network_code = advertisers.network_code
                and attributes.advertiser_source_id = advertisers.source_id
        union
        select compared.commission_key
        from {{ this }} as compared
        inner join (
            {{ changed_rows(
                'int_currencies__daily_rates', ['date_day', 'from_currency', 'to_currency', 'rate'],
            ) }}
        ) as rates
            on
                compared.own_date = rates.date_day
                and compared.currency_code = rates.from_currency
                and compared.line_currency_code = rates.to_currency
    {%- endif -%}
{%- endmacro %}
