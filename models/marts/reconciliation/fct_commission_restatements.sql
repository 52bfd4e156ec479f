{{ config(dist='even', sort=['month_date']) }}

{%- set keys = ['network_key', 'advertiser_key', 'partner_key'] %}

with

closings as (
    select
        commission_key,
        month_date,
        closing_at
    from {{ ref('int_commissions__closings') }}
),

reported as (
    select
        commission_key,
        {% for amount in commission_amounts() %}
            net_{{ amount }}_amount,
        {% endfor %}
        currency_code,
        status
    from {{ ref('int_commissions__reported_states') }}
),

commissions as (
    select
        commission_key,
        {{ keys | join(',\n        ') }},
        {% for amount in commission_amounts() %}
            net_{{ amount }}_amount,
        {% endfor %}
        currency_key,
        currency_code,
        status
    from {{ ref('fct_commissions') }}
),

currencies as (
    select
        currency_key,
        currency_code
    from {{ ref('dim_currency') }}
),

compared as (
    select
        closings.month_date,
        closings.closing_at,
        commissions.*,
        reported.commission_key is not null as was_reported,
        reported.currency_code as reported_currency_code,
        reported.status as reported_status,
        {% for amount in commission_amounts() %}
            reported.net_{{ amount }}_amount as reported_{{ amount }}_amount,
        {% endfor %}
        coalesce(reported.currency_code, '') != coalesce(commissions.currency_code, '')
            as is_in_another_currency
    from commissions
    inner join closings on commissions.commission_key = closings.commission_key
    left join reported on commissions.commission_key = reported.commission_key
),

judged as (
    select
        *,
        case
            when not was_reported then 'late'
            when is_in_another_currency then 'restated'
            when
                status not in ('pending', 'approved')
                and reported_status in ('pending', 'approved') then 'reversed'
            when
                status in ('pending', 'approved')
                and reported_status not in ('pending', 'approved') then 'reinstated'
            {% for amount in commission_amounts() %}
                when net_{{ amount }}_amount != reported_{{ amount }}_amount then 'amended'
            {% endfor %}
            else 'unchanged'
        end as cause
    from compared
),

-- What was reported in one currency and is now in another is a difference in both.
sides as (
    select
        judged.month_date,
        judged.closing_at,
        {% for key in keys %}
            judged.{{ key }},
        {% endfor %}
        coalesce(currencies.currency_key, -1) as currency_key,
        judged.reported_currency_code as currency_code,
        {% for amount in commission_amounts() %}
            judged.reported_{{ amount }}_amount,
            case
                when judged.is_in_another_currency then 0
                else judged.net_{{ amount }}_amount
            end as present_{{ amount }}_amount,
        {% endfor %}
        judged.cause,
        1 as commissions
    from judged
    left join currencies on judged.reported_currency_code = currencies.currency_code
    where judged.was_reported
    union all
    select
        month_date,
        closing_at,
        {% for key in keys %}
            {{ key }},
        {% endfor %}
        currency_key,
        currency_code,
        {% for amount in commission_amounts() %}
            0 as reported_{{ amount }}_amount,
            net_{{ amount }}_amount as present_{{ amount }}_amount,
        {% endfor %}
        cause,
        case when was_reported then 0 else 1 end as commissions
    from judged
    where not was_reported or is_in_another_currency
),

final as (
    select
        {{ dimension_key(['month_date', 'cause', 'currency_key'] + keys) }} as restatement_key,
        {{ keys | join(',\n        ') }},
        currency_key,
        cast(max(currency_code) as varchar(3)) as currency_code,
        cast(cause as varchar(10)) as cause,
        cast(sum(commissions) as integer) as commissions,
        {% for amount in commission_amounts() %}
            cast(sum(reported_{{ amount }}_amount) as numeric(18, 6))
                as reported_{{ amount }}_amount,
            cast(sum(present_{{ amount }}_amount) as numeric(18, 6))
                as present_{{ amount }}_amount,
            cast(
                sum(present_{{ amount }}_amount) - sum(reported_{{ amount }}_amount)
                as numeric(18, 6)
            ) as {{ amount }}_change_amount,
        {% endfor %}
        month_date,
        max(closing_at) as closing_at
    from sides
    group by month_date, cause, currency_key, {{ keys | join(', ') }}
)

select * from final
