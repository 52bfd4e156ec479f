{%- set members = ['advertiser', 'partner', 'program'] -%}

{{ config(materialized='table', contract={'enforced': true}, dist='even') }}

with

fees as (
    select
        fee_code,
        -- Bookkeeping's word for it.
        case fee_type when 'placement' then 'placement_fee' else fee_type end as cost_type,
        network_code,
        {% for member in members %}
            {{ member }}_code,
        {% endfor %}
        rate,
        amount,
        currency_code,
        charged,
        starts_on,
        coalesce(starts_on, began_on) as first_day,
        ends_on,
        valid_from,
        valid_to
    from {{ ref('int_master__fee_versions') }}
    where is_active and not is_deleted
),

clicks as (
    select clicked_at
    from {{ ref('int_clicks__received') }}
),

attributes as (
    select
        commission_key,
        network_code,
        {% for member in members %}
            {{ member }}_source_id,
        {% endfor %}
        occurred_at
    from {{ ref('int_commissions__attributes') }}
),

states as (
    select
        commission_key,
        currency_code,
        net_commission_amount,
        network_fee_amount
    from {{ ref('int_commissions__states') }}
),

{% for member in members %}
    {{ member }}_versions as (
        {{ member_versions(member) | indent(8) }}
    ),

    {{ member }}_records as (
        select
            {{ member }}_key,
            {{ member }}_code
        from {{ ref('int_master__' ~ member ~ '_versions') }}
    ),

{% endfor %}
commissions as (
    select
        attributes.commission_key,
        attributes.network_code,
        {% for member in members %}
            coalesce({{ member }}_versions.member_key, -1) as {{ member }}_key,
        {% endfor %}
        states.currency_code,
        -- 0 unless it is pending or approved.
        states.net_commission_amount,
        states.network_fee_amount,
        cast({{ reporting_timestamp('attributes.occurred_at') }} as date) as occurred_date,
        attributes.occurred_at
    from attributes
    inner join states on attributes.commission_key = states.commission_key
    {% for member in members %}
        left join {{ member }}_versions
            on
                {{ is_version_at('attributes', member, 'attributes.occurred_at') | indent(16) }}
    {% endfor %}
),

calendar as (
    select
        date_day,
        day_of_month
    from {{ ref('int_calendar__days') }}
),

months as (
    select
        date_day as month_from,
        lead(date_day) over (
            order by date_day
        ) - 1 as month_to
    from calendar
    where day_of_month = 1
),

last_days as (
    select cast({{ reporting_timestamp('max(clicked_at)') }} as date) as last_day
    from clicks
    union all
    select cast({{ reporting_timestamp('max(occurred_at)') }} as date) as last_day
    from attributes
),

-- How far the warehouse knows: days to come have no costs yet, and no rates.
known as (
    select
        case
            when max(last_day) > {{ reporting_today() }} then {{ reporting_today() }}
            else max(last_day)
        end as known_until
    from last_days
),

-- The day that decides about a month is its first one, or the fee's own first day within it.
monthly_versions as (
    select
        fees.fee_code,
        fees.cost_type,
        fees.network_code,
        {% for member in members %}
            fees.{{ member }}_code,
        {% endfor %}
        fees.currency_code,
        fees.charged,
        fees.amount,
        greatest(fees.first_day, months.month_from) as from_date,
        least(coalesce(fees.ends_on, months.month_to), months.month_to) as to_date,
        fees.valid_from,
        fees.valid_to,
        months.month_from,
        months.month_to
    from fees
    inner join months on fees.first_day <= months.month_to
    where fees.charged = 'per_month'
),

single_versions as (
    select
        fees.fee_code,
        fees.cost_type,
        fees.network_code,
        {% for member in members %}
            fees.{{ member }}_code,
        {% endfor %}
        fees.currency_code,
        fees.charged,
        fees.amount,
        fees.first_day as from_date,
        -- Before its first day where it ends earlier: then it is never charged.
        least(coalesce(fees.ends_on, fees.first_day), fees.first_day) as to_date,
        fees.valid_from,
        fees.valid_to,
        months.month_from,
        months.month_to
    from fees
    inner join months
        on
            fees.first_day >= months.month_from
            and fees.first_day <= months.month_to
    where fees.charged = 'once'
),

-- A version whose first day was moved may come to a second one: the first one counts.
timed as (
    {% for versions in ['monthly_versions', 'single_versions'] %}
        select
            {{ versions }}.*,
            known.known_until,
            row_number() over (
                partition by
                    {{ versions }}.fee_code
                    {{- ', ' ~ versions ~ '.month_from' if versions == 'monthly_versions' }}
                order by {{ versions }}.from_date
            ) as place
        from {{ versions }}
        inner join known on {{ versions }}.from_date <= known.known_until
        where
            {{ versions }}.from_date <= {{ versions }}.to_date
            and cast({{ versions }}.from_date as timestamp) >= {{ versions }}.valid_from
            and cast({{ versions }}.from_date as timestamp) < {{ versions }}.valid_to
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Commissions of one network and the same members have the same fees to choose from.
combinations as (
    select distinct
        {% for member in members %}
            {{ member }}_key,
        {% endfor %}
        network_code
    from commissions
),

named as (
    select
        {% for member in members %}
            combinations.{{ member }}_key,
            {{ member }}_records.{{ member }}_code,
        {% endfor %}
        combinations.network_code
    from combinations
    {% for member in members %}
        left join {{ member }}_records
            on combinations.{{ member }}_key = {{ member }}_records.{{ member }}_key
    {% endfor %}
),

applicable as (
    select
        named.network_code,
        {% for member in members %}
            named.{{ member }}_key,
        {% endfor %}
        fees.fee_code,
        fees.cost_type,
        fees.rate,
        fees.amount,
        fees.currency_code,
        fees.charged,
        fees.starts_on,
        fees.ends_on,
        fees.valid_from,
        fees.valid_to,
        -- One that names the partner is closer than one that names the program, and so on.
        case when fees.partner_code is not null then 8 else 0 end
        + case when fees.program_code is not null then 4 else 0 end
        + case when fees.advertiser_code is not null then 2 else 0 end
        + case when fees.network_code is not null then 1 else 0 end as closeness
    from named
    inner join fees
        on
            (fees.network_code is null or named.network_code = fees.network_code)
            {% for member in members %}
                and (
                    fees.{{ member }}_code is null
                    or named.{{ member }}_code = fees.{{ member }}_code
                )
            {% endfor %}
    where fees.charged = 'per_commission'
),

chosen as (
    select
        commissions.commission_key,
        applicable.fee_code,
        applicable.cost_type,
        commissions.network_code,
        applicable.charged,
        case
            when applicable.rate is not null then commissions.currency_code
            else applicable.currency_code
        end as currency_code,
        case
            when applicable.rate is not null
                then {{ converted_amount('commissions.net_commission_amount', 'applicable.rate') }}
            -- A return that is a line of its own, and a sale that earns nothing, are no second one.
            when commissions.net_commission_amount > 0 then applicable.amount
        end as amount,
        commissions.occurred_date,
        row_number() over (
            partition by commissions.commission_key, applicable.cost_type
            order by applicable.closeness desc, applicable.fee_code asc
        ) as place
    from commissions
    inner join applicable
        on
            commissions.network_code = applicable.network_code
            {% for member in members %}
                and commissions.{{ member }}_key = applicable.{{ member }}_key
            {% endfor %}
            and commissions.occurred_at >= applicable.valid_from
            and commissions.occurred_at < applicable.valid_to
            and commissions.occurred_date
            >= coalesce(applicable.starts_on, commissions.occurred_date)
            and commissions.occurred_date
            <= coalesce(applicable.ends_on, commissions.occurred_date)
    -- What the network itself tells of its fee wins.
    where
        applicable.cost_type != 'network_fee'
        or coalesce(commissions.network_fee_amount, 0) = 0
),

charges as (
    select
        fee_code,
        cast(null as bigint) as commission_key,
        cost_type,
        network_code,
        {% for member in members %}
            {{ member }}_code,
        {% endfor %}
        currency_code,
        charged,
        amount,
        from_date,
        to_date,
        month_from,
        month_to,
        known_until
    from timed
    where place = 1
    union all
    select
        fee_code,
        commission_key,
        cost_type,
        network_code,
        {% for member in members %}
            cast(null as varchar(64)) as {{ member }}_code,
        {% endfor %}
        currency_code,
        charged,
        amount,
        occurred_date as from_date,
        occurred_date as to_date,
        cast(null as date) as month_from,
        cast(null as date) as month_to,
        occurred_date as known_until
    from chosen
    where place = 1
),

final as (
    select
        {{ dimension_key(['fee_code', 'charged', 'commission_key', 'from_date']) }} as charge_key,
        commission_key,
        cast(fee_code as varchar(64)) as fee_code,
        cast(cost_type as varchar(30)) as cost_type,
        cast(network_code as varchar(30)) as network_code,
        {% for member in members %}
            cast({{ member }}_code as varchar(64)) as {{ member }}_code,
        {% endfor %}
        cast(charged as varchar(20)) as charged,
        cast(currency_code as varchar(3)) as currency_code,
        cast(amount as numeric(18, 6)) as amount,
        cast(from_date as date) as from_date,
        cast(to_date as date) as to_date,
        cast(month_from as date) as month_from,
        cast(month_to as date) as month_to,
        cast(known_until as date) as known_until
    from charges
    where amount != 0
)

select * from final
