{%- set line = [
    'reported_date',
    'network_code',
    'side',
    'account_code',
    'advertiser_source_id',
    'program_source_id',
    'partner_source_id',
    'currency_code',
    'basis',
] -%}
{%- set key = line + [boolean_text('is_net'), boolean_text('has_bonus')] -%}
{%- set line = line + ['is_net', 'has_bonus'] -%}
{%- set meaning = [
    'network_code',
    'side',
    'account_code',
    'time_zone',
    'basis',
    boolean_text('is_net'),
    boolean_text('has_bonus'),
] -%}

with

reports as (
    select
        {{ line | join(',\n        ') }},
        time_zone,
        clicks,
        counted_clicks,
        sales,
        sale_amount,
        commission_amount,
        network_fee_amount,
        sales_until,
        pulled_at,
        file_id,
        line_number,
        row_number() over (
            partition by
                {{ line | join(',\n                ') }}
            order by pulled_at desc, file_id desc, line_number desc
        ) as copy_number
    from {{ ref('stg_network_reports__daily') }}
),

final as (
    select
        {{ dimension_key(key) }} as network_report_key,
        {{ dimension_key(meaning) }} as report_key,
        {{ line | join(',\n        ') }},
        time_zone,
        clicks,
        counted_clicks,
        sales,
        sale_amount,
        commission_amount,
        network_fee_amount,
        sales_until,
        pulled_at,
        file_id,
        line_number
    from reports
    where copy_number = 1
)

select * from final
