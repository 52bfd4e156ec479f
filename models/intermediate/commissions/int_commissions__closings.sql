with

attributes as (
    select
        commission_key,
        cast(date_trunc('month', {{ reporting_timestamp('occurred_at') }}) as date) as month_date
    from {{ ref('int_commissions__attributes') }}
),

last_pull as (
    select max({{ reporting_timestamp('pulled_at') }}) as pulled_at
    from {{ ref('int_commissions__entries') }}
),

dated as (
    select
        commission_key,
        month_date,
        cast(month_date as timestamp) + interval '1 month'
        + interval '{{ var("report_closing_days") | int }} day' as closing_at
    from attributes
),

-- A month that nobody has reported yet has nothing to differ from.
final as (
    select
        dated.commission_key,
        dated.month_date,
        dated.closing_at
    from dated
    inner join last_pull on dated.closing_at <= last_pull.pulled_at
)

select * from final
