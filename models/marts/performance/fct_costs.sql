{%- set members = ['advertiser', 'partner', 'program', 'campaign'] -%}
{%- set keys = [
    'network_key',
    'advertiser_key',
    'partner_key',
    'program_key',
    'campaign_key',
    'channel_key',
] -%}
{%- set priced_keys = [] -%}
{%- for key in keys -%}
    {%- do priced_keys.append('priced.' ~ key) -%}
{%- endfor -%}
{#- Whom a fee of the master data may name. -#}
{%- set fee_members = ['advertiser', 'partner', 'program'] -%}

{{ config(dist='even', sort=['date_key'], indexes=[{'columns': ['date_key']}]) }}

with

lines as (
    select
        cost_code,
        cost_type,
        coalesce(network_code, 'none') as network_code,
        {% for member in members %}
            {{ member }}_code,
            {{ member }}_source_id,
        {% endfor %}
        channel_code,
        currency_code,
        amount,
        file_id,
        line_number,
        from_date,
        period_to_date
    from {{ ref('int_costs__lines') }}
),

parts as (
    select
        cost_code,
        amount,
        incurred_date,
        -- A cost is of a whole day; its members are those at the day's beginning.
        cast(incurred_date as timestamp) as incurred_at
    from {{ ref('int_costs__parts') }}
),

fees as (
    select
        charge_key,
        commission_key,
        fee_code,
        cost_type,
        coalesce(network_code, 'none') as network_code,
        {% for member in fee_members %}
            {{ member }}_code,
        {% endfor %}
        currency_code,
        month_from,
        month_to,
        known_until
    from {{ ref('int_costs__from_fees') }}
),

fee_parts as (
    select
        charge_key,
        amount,
        incurred_date,
        cast(incurred_date as timestamp) as incurred_at
    from {{ ref('int_costs__fee_parts') }}
),

charged as (
    select distinct commission_key
    from fees
    where commission_key is not null
),

clicks as (
    select
        date_key,
        {{ keys | join(',\n        ') }},
        currency_code,
        cost_amount,
        clicked_date
    from {{ ref('int_members__daily_clicks') }}
    where cost_amount is not null
),

known_commissions as (
    select
        commission_key,
        date_key,
        {{ keys | join(',\n        ') }},
        network_code,
        currency_code,
        net_network_fee_amount,
        reporting_net_network_fee_amount,
        client_net_network_fee_amount,
        occurred_date
    from {{ ref('fct_commissions') }}
),

-- Those with a fee of their own, or one of the master data.
commissions as (
    select known_commissions.*
    from known_commissions
    left join charged on known_commissions.commission_key = charged.commission_key
    where known_commissions.net_network_fee_amount != 0 or charged.commission_key is not null
),

{% for member in members %}
    {{ member }}_records as (
        select
            {{ member }}_code,
            {{ member }}_key,
            valid_from,
            valid_to
        from {{ ref('int_master__' ~ member ~ '_versions') }}
    ),

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

networks as (
    select
        network_key,
        network_code
    from {{ ref('dim_network') }}
),

channel_versions as (
    select
        channel_key,
        channel_code,
        valid_from,
        valid_to
    from {{ ref('int_master__channel_versions') }}
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

of_lines as (
    select
        cast('line' as varchar(20)) as cost_origin,
        lines.cost_code,
        lines.cost_type,
        {{ date_key('parts.incurred_date') }} as date_key,
        coalesce(networks.network_key, -1) as network_key,
        {% for member in members %}
            -- The code that bookkeeping gives goes before the network's id.
            coalesce({{ member }}_records.{{ member }}_key, {{ member }}_versions.member_key, -1)
                as {{ member }}_key,
        {% endfor %}
        coalesce(channel_versions.channel_key, -1) as channel_key,
        lines.currency_code,
        parts.amount as cost_amount,
        lines.file_id,
        lines.line_number,
        parts.incurred_date
    from parts
    inner join lines on parts.cost_code = lines.cost_code
    {% for member in members %}
        left join {{ member }}_records
            on
                lines.{{ member }}_code = {{ member }}_records.{{ member }}_code
                and parts.incurred_at >= {{ member }}_records.valid_from
                and parts.incurred_at < {{ member }}_records.valid_to
        left join {{ member }}_versions
            on
                lines.{{ member }}_code is null
                and {{ is_version_at('lines', member, 'parts.incurred_at') | indent(16) }}
    {% endfor %}
    left join networks on lines.network_code = networks.network_code
    left join channel_versions
        on
            lines.channel_code = channel_versions.channel_code
            and parts.incurred_at >= channel_versions.valid_from
            and parts.incurred_at < channel_versions.valid_to
),

of_clicks as (
    select
        cast('clicks' as varchar(20)) as cost_origin,
        cast(null as varchar(128)) as cost_code,
        cast('cpc' as varchar(30)) as cost_type,
        date_key,
        {{ keys | join(',\n        ') }},
        currency_code,
        sum(cost_amount) as cost_amount,
        cast(null as bigint) as file_id,
        cast(null as bigint) as line_number,
        clicked_date as incurred_date
    from clicks
    group by
        date_key,
        {{ keys | join(',\n        ') }},
        currency_code,
        clicked_date
),

-- The invoice is what is paid: where bookkeeping has the network's for a day, the fees that were
-- told of with each commission of that day, or agreed on for it, are the same money.
invoices as (
    select
        cost_code,
        cost_type,
        network_code,
        {% for member in members %}
            coalesce({{ member }}_code, {{ member }}_source_id) is not null as names_{{ member }},
        {% endfor %}
        from_date,
        period_to_date
    from lines
    where cost_type in ('network_fee', 'placement_fee') and amount > 0
),

{% for member in members %}
    -- Every version of whom the invoice names.
    invoiced_{{ member }}s as (
        select
            lines.cost_code,
            {{ member }}_records.{{ member }}_key
        from lines
        inner join {{ member }}_records
            on lines.{{ member }}_code = {{ member }}_records.{{ member }}_code
        where lines.cost_type in ('network_fee', 'placement_fee')
        union
        select
            lines.cost_code,
            {{ member }}_versions.member_key as {{ member }}_key
        from lines
        inner join {{ member }}_versions
            on
                lines.network_code = {{ member }}_versions.network_code
                and lines.{{ member }}_source_id = {{ member }}_versions.source_id
        where
            lines.cost_type in ('network_fee', 'placement_fee')
            and lines.{{ member }}_code is null
    ),

{% endfor %}
invoiced as (
    select distinct commissions.commission_key
    from commissions
    inner join invoices
        on
            commissions.network_code = invoices.network_code
            and commissions.occurred_date >= invoices.from_date
            and commissions.occurred_date <= invoices.period_to_date
    {% for member in members %}
        left join invoiced_{{ member }}s
            on
                invoices.cost_code = invoiced_{{ member }}s.cost_code
                and commissions.{{ member }}_key = invoiced_{{ member }}s.{{ member }}_key
    {% endfor %}
    where
        invoices.cost_type = 'network_fee'
        {% for member in members %}
            and (
                not invoices.names_{{ member }}
                or invoiced_{{ member }}s.{{ member }}_key is not null
            )
        {% endfor %}
),

of_commissions as (
    select
        cast('commissions' as varchar(20)) as cost_origin,
        cast(null as varchar(128)) as cost_code,
        cast('network_fee' as varchar(30)) as cost_type,
        commissions.date_key,
        {% for key in keys %}
            commissions.{{ key }},
        {% endfor %}
        commissions.currency_code,
        sum(commissions.net_network_fee_amount) as cost_amount,
        -- Already converted, by the policy for fees. A plain sum would leave out what has no rate.
        {% for purpose in ['reporting', 'client'] %}
            case
                when count(*) = count(commissions.{{ purpose }}_net_network_fee_amount)
                    then sum(commissions.{{ purpose }}_net_network_fee_amount)
            end as {{ purpose }}_cost_amount,
        {% endfor %}
        cast(null as bigint) as file_id,
        cast(null as bigint) as line_number,
        commissions.occurred_date as incurred_date
    from commissions
    left join invoiced on commissions.commission_key = invoiced.commission_key
    where invoiced.commission_key is null and commissions.net_network_fee_amount != 0
    group by
        commissions.date_key,
        {% for key in keys %}
            commissions.{{ key }},
        {% endfor %}
        commissions.currency_code,
        commissions.occurred_date
),

-- What is paid for a month or once, on each day that the warehouse knows.
fee_days as (
    select
        fees.charge_key,
        fees.fee_code,
        fees.cost_type,
        fees.network_code,
        {% for member in fee_members %}
            fees.{{ member }}_code,
        {% endfor %}
        {{ date_key('fee_parts.incurred_date') }} as date_key,
        coalesce(networks.network_key, -1) as network_key,
        {% for member in fee_members %}
            coalesce({{ member }}_records.{{ member }}_key, -1) as {{ member }}_key,
        {% endfor %}
        fees.currency_code,
        fee_parts.amount,
        fee_parts.incurred_date,
        fees.month_from,
        fees.month_to
    from fees
    inner join fee_parts on fees.charge_key = fee_parts.charge_key
    {% for member in fee_members %}
        left join {{ member }}_records
            on
                fees.{{ member }}_code = {{ member }}_records.{{ member }}_code
                and fee_parts.incurred_at >= {{ member }}_records.valid_from
                and fee_parts.incurred_at < {{ member }}_records.valid_to
    {% endfor %}
    left join networks on fees.network_code = networks.network_code
    where fees.commission_key is null and fee_parts.incurred_date <= fees.known_until
),

-- An invoice of the month is for a charge where both name the same somebody, and nobody else.
invoiced_charges as (
    select distinct fee_days.charge_key
    from fee_days
    inner join invoices
        on
            fee_days.cost_type = invoices.cost_type
            and fee_days.month_to >= invoices.from_date
            and fee_days.month_from <= invoices.period_to_date
    {% for member in fee_members %}
        left join invoiced_{{ member }}s
            on
                invoices.cost_code = invoiced_{{ member }}s.cost_code
                and fee_days.{{ member }}_key = invoiced_{{ member }}s.{{ member }}_key
    {% endfor %}
    where
        (
            fee_days.network_code = invoices.network_code
            or fee_days.network_code = 'none'
            or invoices.network_code = 'none'
        )
        {% for member in fee_members %}
            and (
                fee_days.{{ member }}_code is null
                or not invoices.names_{{ member }}
                or invoiced_{{ member }}s.{{ member }}_key is not null
            )
        {% endfor %}
        and (
            (fee_days.network_code = invoices.network_code and invoices.network_code != 'none')
            {% for member in fee_members %}
                or invoiced_{{ member }}s.{{ member }}_key is not null
            {% endfor %}
        )
),

charged_days as (
    select
        fee_days.fee_code,
        fee_days.cost_type,
        fee_days.date_key,
        {% for key in keys %}
            {% if key in ['campaign_key', 'channel_key'] %}
                cast(-1 as bigint) as {{ key }},
            {% else %}
                fee_days.{{ key }},
            {% endif %}
        {% endfor %}
        fee_days.currency_code,
        fee_days.amount,
        fee_days.incurred_date
    from fee_days
    left join invoiced_charges on fee_days.charge_key = invoiced_charges.charge_key
    where invoiced_charges.charge_key is null
    union all
    select
        fees.fee_code,
        fees.cost_type,
        commissions.date_key,
        {% for key in keys %}
            commissions.{{ key }},
        {% endfor %}
        fees.currency_code,
        fee_parts.amount,
        fee_parts.incurred_date
    from fees
    inner join fee_parts on fees.charge_key = fee_parts.charge_key
    inner join commissions on fees.commission_key = commissions.commission_key
    left join invoiced on fees.commission_key = invoiced.commission_key
    where fees.cost_type != 'network_fee' or invoiced.commission_key is null
),

of_fees as (
    select
        cast('fee' as varchar(20)) as cost_origin,
        cast(fee_code as varchar(128)) as cost_code,
        cost_type,
        date_key,
        {{ keys | join(',\n        ') }},
        currency_code,
        sum(amount) as cost_amount,
        cast(null as bigint) as file_id,
        cast(null as bigint) as line_number,
        incurred_date
    from charged_days
    group by
        fee_code,
        cost_type,
        date_key,
        {{ keys | join(',\n        ') }},
        currency_code,
        incurred_date
),

unioned as (
    {% for origin in ['of_lines', 'of_clicks', 'of_commissions', 'of_fees'] %}
        select
            cost_origin,
            cost_code,
            cost_type,
            date_key,
            {{ keys | join(',\n            ') }},
            currency_code,
            cost_amount,
            {% for purpose in ['reporting', 'client'] %}
                {% if origin == 'of_commissions' %}
                    {{ purpose }}_cost_amount,
                {% else %}
                    cast(null as numeric(18, 6)) as {{ purpose }}_cost_amount,
                {% endif %}
            {% endfor %}
            file_id,
            line_number,
            incurred_date
        from {{ origin }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

priced as (
    select
        unioned.*,
        {{ reporting_currency() }} as reporting_currency_code,
        coalesce(advertisers.reporting_currency_code, {{ reporting_currency() }})
            as client_currency_code,
        {{ conversion_date('cost', {'incurred': 'unioned.incurred_date'}) }} as conversion_date
    from unioned
    left join advertisers on unioned.advertiser_key = advertisers.advertiser_key
),

final as (
    select
        {{ dimension_key(
            ['priced.cost_origin', 'priced.cost_code', 'priced.cost_type']
            + ['priced.date_key', 'priced.currency_code']
            + priced_keys,
            plain=['priced.date_key'] + priced_keys,
        ) }} as cost_key,
        priced.date_key,
        {% for key in keys %}
            priced.{{ key }},
        {% endfor %}
        coalesce(currencies.currency_key, -1) as currency_key,
        priced.cost_origin,
        cast(priced.cost_code as varchar(128)) as cost_code,
        cast(priced.cost_type as varchar(30)) as cost_type,
        cast(priced.currency_code as varchar(3)) as currency_code,
        priced.reporting_currency_code,
        cast(priced.client_currency_code as varchar(3)) as client_currency_code,
        cast(priced.cost_amount as numeric(18, 6)) as cost_amount,
        {% for purpose in ['reporting', 'client'] %}
            cast(
                case
                    when priced.cost_origin = 'commissions' then priced.{{ purpose }}_cost_amount
                    else {{ converted_amount('priced.cost_amount', purpose ~ '_rates.rate') }}
                end as numeric(18, 6)
            ) as {{ purpose }}_cost_amount,
        {% endfor %}
        priced.file_id,
        priced.line_number,
        priced.incurred_date
    from priced
    left join currencies on priced.currency_code = currencies.currency_code
    {% for purpose in ['reporting', 'client'] %}
        left join rates as {{ purpose }}_rates
            on
                priced.conversion_date = {{ purpose }}_rates.date_day
                and priced.currency_code = {{ purpose }}_rates.from_currency
                and priced.{{ purpose }}_currency_code = {{ purpose }}_rates.to_currency
    {% endfor %}
)

select * from final
