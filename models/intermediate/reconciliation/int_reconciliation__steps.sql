{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='report_day_key',
        on_schema_change='fail',
        contract={'enforced': true},
        pre_hook="{{ forget_outdated('report_day_key', outdated_step_days) }}",
        post_hook=[
            "{{ remember('int_reconciliation__commissions', [
                'report_key', 'commission_key', 'row_state', 'own_date', 'zone_date',
            ]) }}",
            "{{ remember('int_reconciliation__records', [
                'report_key', 'commission_key', 'record_code', 'row_state', 'posted_date',
            ]) }}",
            "{{ remember('commission_feeds') }}",
            "{{ remember('commission_statuses') }}",
        ],
        sort=['report_key', 'date_day'],
    )
}}

-- depends_on: {{ ref('commission_feeds') }}, {{ ref('commission_statuses') }}

{%- set amounts = commission_amounts() -%}
{%- set kept_amounts = ['kept_sale', 'kept_commission', 'kept_network_fee'] -%}
{%- set steps = reconciliation_steps() -%}
{%- set late = steps.index('late_rows') -%}
{%- set gross = steps.index('gross_or_net') -%}
{%- set bonus = steps.index('bonus') %}

with

{% if is_incremental() %}
    outdated as (
        select *
        from {{ outdated_keys() }}
    ),

{% endif %}
all_commissions as (
    select *
    from {{ ref('int_reconciliation__commissions') }}
),

{% if is_incremental() %}
    -- Some steps count a commission on our day, others on that of the report's time zone.
    reached as (
        {% for date in ['own_date', 'zone_date'] %}
            select
                all_commissions.report_key,
                all_commissions.commission_key
            from all_commissions
            inner join outdated
                on
                    all_commissions.report_key = outdated.report_key
                    and all_commissions.{{ date }} = outdated.date_day
            {{ 'union' if not loop.last }}
        {% endfor %}
    ),

{% endif %}
commissions as (
    select all_commissions.*
    from all_commissions
    {% if is_incremental() %}
        inner join reached
            on
                all_commissions.report_key = reached.report_key
                and all_commissions.commission_key = reached.commission_key
    {% endif %}
),

states as (
    select *
    from {{ ref('int_reconciliation__states') }}
),

all_records as (
    select *
    from {{ ref('int_reconciliation__records') }}
),

records as (
    select all_records.*
    from all_records
    {% if is_incremental() %}
        inner join outdated
            on
                all_records.report_key = outdated.report_key
                and all_records.posted_date = outdated.date_day
    {% endif %}
),

posted as (
    select distinct
        report_key,
        commission_key
    from all_records
),

-- What is known now beside what was known to the report; unless it has changed since, the same. In
-- the currency of the line, once for all steps.
known as (
    select
        commissions.report_key,
        commissions.line_advertiser_id,
        commissions.line_currency_code,
        commissions.currency_code,
        commissions.status,
        {% for amount in amounts + kept_amounts %}
            {{ converted_amount('commissions.' ~ amount ~ '_amount', 'commissions.rate') }}
                as {{ amount }}_amount,
        {% endfor %}
        commissions.is_net,
        commissions.has_bonus,
        commissions.is_mapped,
        commissions.is_under_account,
        commissions.is_bonus,
        commissions.has_fee,
        commissions.is_provisional,
        commissions.own_date,
        commissions.zone_date,
        posted.commission_key is not null as has_records,
        case
            when states.commission_key is null then commissions.status
            else states.status
        end as status_then,
        {% for amount in amounts + kept_amounts %}
            case
                when states.commission_key is null
                    then {{ converted_amount(
                        'commissions.' ~ amount ~ '_amount', 'commissions.rate'
                    ) }}
                else {{ converted_amount('states.' ~ amount ~ '_amount', 'commissions.rate') }}
            end as {{ amount }}_then,
        {% endfor %}
        coalesce(
            coalesce(states.is_known, true)
            and (
                commissions.sales_until is null
                or commissions.occurred_at < commissions.sales_until
            ),
            false
        ) as is_in_time
    from commissions
    left join states
        on
            commissions.commission_key = states.commission_key
            and commissions.report_pulled_at = states.report_pulled_at
    left join posted
        on
            commissions.report_key = posted.report_key
            and commissions.commission_key = posted.commission_key
    where commissions.rate is not null
),

pieces as (
    {% for step in steps %}
        {%- set number = loop.index0 -%}
        {%- set then = number >= late -%}
        {%- set status = 'status_then' if then else 'status' -%}
        {%- set suffix = 'then' if then else 'amount' %}
        select
            report_key,
            '{{ step }}' as step,
            {{ 'zone_date' if number >= steps.index('time_zone') else 'own_date' }} as date_day,
            line_advertiser_id as advertiser_source_id,
            line_currency_code as currency_code,
            {{ 'case when is_bonus then 0 else 1 end' if number >= bonus else '1' }} as sales,
            {% for amount in amounts %}
                {%- set present = amount ~ '_' ~ suffix %}
                {% if number < gross %}
                    {{ present }} as {{ amount }}_amount,
                {% else %}
                    case
                        when {{ status }} in ('reversed', 'deleted') then kept_{{ present }}
                        else {{ present }}
                    end as {{ amount }}_amount,
                {% endif %}
            {% endfor %}
            case when has_fee then 0 else 1 end as without_fee,
            case when is_provisional then 1 else 0 end as provisional
        from known
        where
            (
                {{ status }} in ('pending', 'approved')
                {%- if number >= steps.index('filters') %}
                    or {{ status }} = 'other'
                {%- endif %}
                {%- if number >= gross %}
                    or (not is_net and {{ status }} in ('reversed', 'deleted'))
                {%- endif %}
            )
            {%- if number < steps.index('unmapped') %}
                and is_mapped
            {%- endif %}
            {%- if number < steps.index('duplicates') %}
                and is_under_account
            {%- endif %}
            {%- if number < steps.index('currency_level') %}
                and currency_code = line_currency_code
            {%- endif %}
            {%- if number >= steps.index('basis') %}
                and not has_records
            {%- endif %}
            {%- if then %}
                and is_in_time
            {%- endif %}
            {%- if number >= bonus %}
                and (has_bonus or not is_bonus)
            {%- endif %}
        {% if number >= steps.index('basis') %}
            union all
            -- Its records, each on its day: also those of what was taken back since.
            select
                report_key,
                '{{ step }}' as step,
                posted_date as date_day,
                line_advertiser_id as advertiser_source_id,
                line_currency_code as currency_code,
                case
                    when is_correction{{ ' or is_bonus' if number >= bonus }} then 0
                    else 1
                end as sales,
                {% for amount in amounts %}
                    {{ converted_amount(amount ~ '_amount', 'rate') }} as {{ amount }}_amount,
                {% endfor %}
                case when has_fee then 0 else 1 end as without_fee,
                case when is_provisional then 1 else 0 end as provisional
            from records
            where
                rate is not null
                and status != 'test'
                {%- if then %}
                    and is_in_time
                {%- endif %}
                {%- if number >= gross %}
                    and (is_net or not is_reversal)
                {%- endif %}
                {%- if number >= bonus %}
                    and (has_bonus or not is_bonus)
                {%- endif %}
        {% endif %}
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
),

-- The many pieces are added up once; what is left is few.
added_up as (
    select
        report_key,
        step,
        date_day,
        advertiser_source_id,
        currency_code,
        {% for measure in reconciliation_measures() %}
            sum({{ measure }}) as {{ measure }},
        {% endfor %}
        sum(without_fee) as without_fee,
        sum(provisional) as provisional
    from pieces
    group by report_key, step, date_day, advertiser_source_id, currency_code
),

-- What is reached counts on other days as well, of which not everything is here.
placed as (
    select added_up.*
    from added_up
    {% if is_incremental() %}
        inner join outdated
            on
                added_up.report_key = outdated.report_key
                and added_up.date_day = outdated.date_day
    {% endif %}
),

-- The sums at each step.
sums as (
    {% for measure in reconciliation_measures() %}
        select
            report_key,
            date_day,
            advertiser_source_id,
            currency_code,
            '{{ measure }}' as measure,
            {% for step in steps %}
                sum(case when step = '{{ step }}' then {{ measure }} else 0 end) as at_{{ step }},
            {% endfor %}
            sum(case when step = '{{ steps[-1] }}' then without_fee else 0 end) as without_fee,
            sum(case when step = '{{ steps[-1] }}' then provisional else 0 end) as provisional
        from placed
        group by report_key, date_day, advertiser_source_id, currency_code
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
),

final as (
    select
        {{ dimension_key(['report_key', 'date_day']) }} as report_day_key,
        report_key,
        date_day,
        cast(advertiser_source_id as varchar(128)) as advertiser_source_id,
        cast(currency_code as varchar(3)) as currency_code,
        cast(measure as varchar(20)) as measure,
        cast(at_ours as numeric(18, 6)) as ours,
        {% for step in steps[1:] %}
            cast(at_{{ step }} - at_{{ loop.previtem or 'ours' }} as numeric(18, 6))
                as by_{{ step }},
        {% endfor %}
        cast(at_{{ steps[-1] }} as numeric(18, 6)) as expected,
        without_fee > 0 and measure = 'network_fee_amount' as misses_fees,
        provisional > 0 as is_provisional
    from sums
)

select * from final
