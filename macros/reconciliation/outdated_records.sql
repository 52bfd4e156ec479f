{#- The commissions (a query of their commission_key) whose records int_reconciliation__records has to place again: those that have
    changed, and those with a record on a day that was pulled again or has another rate of exchange. -#}
{% macro outdated_records() -%}
    select commission_key
    from ({{ changed_reconciled_commissions() }}) as changed_commissions
    union
    select placed.commission_key
    from {{ this }} as placed
    inner join (
        {{ changed_rows('int_network_reports__days', [
            'report_key', 'date_day', 'sales_until', 'pulled_at',
        ]) }}
    ) as pulled_days
        on
            placed.report_key = pulled_days.report_key
            and placed.posted_date = pulled_days.date_day
    union
    select placed.commission_key
    from {{ this }} as placed
    inner join (
        {{ changed_rows(
            'int_currencies__daily_rates', ['date_day', 'from_currency', 'to_currency', 'rate'],
        ) }}
    ) as rates
        on
            placed.posted_date = rates.date_day
            and placed.currency_code = rates.from_currency
            and placed.line_currency_code = rates.to_currency
{%- endmacro %}
