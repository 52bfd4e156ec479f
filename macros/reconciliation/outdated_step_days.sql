{#- The days of reports (a query of report_day_key, report_key and date_day) that int_reconciliation__steps has to add up again: those on
    which commissions or records that are others now stand, or stood. -#}
{% macro outdated_step_days() -%}
    {%- set commissions = ['report_key', 'commission_key', 'row_state', 'own_date', 'zone_date'] -%}
    {%- set records = ['report_key', 'commission_key', 'record_code', 'row_state', 'posted_date'] -%}
    {%- if ledger_words_have_changed() -%}
        {%- set others = {} -%}
        {%- for name in ['int_reconciliation__commissions', 'int_reconciliation__records'] -%}
            {%- do others.update({name: 'select * from ' ~ ref(name)}) -%}
        {%- endfor -%}
        select report_day_key, report_key, date_day
        from {{ this }}
        union
    {%- else -%}
        {%- set others = {
            'int_reconciliation__commissions': changed_rows('int_reconciliation__commissions', commissions),
            'int_reconciliation__records': changed_rows('int_reconciliation__records', records),
        } -%}
    {%- endif %}
    select
        {{ dimension_key(['report_key', 'date_day']) }} as report_day_key,
        report_key,
        date_day
    from (
        select report_key, own_date as date_day
        from ({{ others['int_reconciliation__commissions'] }}) as commissions
        union
        select report_key, zone_date as date_day
        from ({{ others['int_reconciliation__commissions'] }}) as commissions
        union
        select report_key, posted_date as date_day
        from ({{ others['int_reconciliation__records'] }}) as records
    ) as days
{%- endmacro %}
