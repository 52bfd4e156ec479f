{%- set members = ['advertiser', 'partner', 'program', 'campaign', 'creative'] -%}
{%- set targets = ['reporting', 'client'] -%}
{%- set missing = [] -%}
{%- for amount in commission_amounts() -%}
    {%- for target in targets -%}
        {%- do missing.append('converted.' ~ target ~ '_' ~ amount ~ '_missing') -%}
    {%- endfor -%}
{%- endfor -%}
{%- set milestones = ['clicked', 'approved', 'reversed', 'paid'] -%}

{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='commission_key',
        on_schema_change='fail',
        post_hook=[
            "{{ forget_gone_values('commission_key', ref('int_commissions__converted')) }}",
            "{{ remember('int_commissions__converted', ['commission_key', 'converted_state']) }}",
            "{{ remember('int_commissions__matched_to_clicks') }}",
            "{{ remember('int_commissions__contracted_rates') }}",
            "{{ remember('int_members__versions') }}",
            "{{ remember('int_master__channel_versions') }}",
            "{{ remember('dim_network', ['network_key', 'network_code']) }}",
            "{{ remember('dim_country', ['country_key', 'country_code']) }}",
            "{{ remember('dim_currency', ['currency_key', 'currency_code', 'minor_units']) }}",
            "{{ remember_days('fct_clicks') }}",
        ],
        dist='commission_key',
        sort=['date_key'],
        indexes=[{'columns': ['date_key']}, {'columns': ['commission_key'], 'unique': True}],
    )
}}

with

{% for member in members %}
    {{ member }}_versions as (
        {{ member_versions(member) | indent(8) }}
    ),

{% endfor %}
{% if is_incremental() %}
    outdated as (
        {{ outdated_commissions() | indent(8) }}
    ),

{% endif %}
all_attributes as (
    select *
    from {{ ref('int_commissions__attributes') }}
),

all_entries as (
    select *
    from {{ ref('int_commissions__converted') }}
),

all_matches as (
    select
        commission_key,
        click_id,
        match_method,
        match_confidence,
        {{ reporting_date_key('clicked_at') }} as date_key,
        clicked_at
    from {{ ref('int_commissions__matched_to_clicks') }}
),

{% for part in ['attributes', 'entries', 'matches'] %}
    {{ part }} as (
        select all_{{ part }}.*
        from all_{{ part }}
        {% if is_incremental() %}
            inner join outdated on all_{{ part }}.commission_key = outdated.commission_key
        {% endif %}
    ),

{% endfor %}
states as (
    select *
    from {{ ref('int_commissions__states') }}
),

-- A commission may have begun in another currency than it is in now.
in_currency as (
    select
        entries.*,
        coalesce(entries.currency_code, '') = coalesce(states.currency_code, '')
        and row_number() over (
            partition by entries.commission_key, coalesce(entries.currency_code, '')
            order by entries.place
        ) = 1 as is_first_in_present_currency
    from entries
    inner join states on entries.commission_key = states.commission_key
),

converted as (
    select
        commission_key,
        {% for amount in commission_amounts() %}
            {% for target in targets %}
                sum({{ target }}_{{ amount }}_amount) as {{ target }}_{{ amount }}_amount,
                max(
                    case when is_first_in_present_currency then {{ target }}_{{ amount }}_rate end
                ) as {{ target }}_{{ amount }}_rate,
                sum(
                    case
                        when {{ amount }}_amount != 0 and {{ target }}_{{ amount }}_rate is null
                            then 1
                        else 0
                    end
                ) as {{ target }}_{{ amount }}_missing,
            {% endfor %}
        {% endfor %}
        cast(max(reporting_currency_code) as varchar(3)) as reporting_currency_code,
        cast(max(client_currency_code) as varchar(3)) as client_currency_code
    from in_currency
    group by commission_key
),

contracted_rates as (
    select
        commission_key,
        lowest_contracted_rate,
        highest_contracted_rate
    from {{ ref('int_commissions__contracted_rates') }}
),

all_clicks as (
    select
        click_id,
        date_key,
        channel_key,
        channel_current_key,
        device_key
    from {{ ref('fct_clicks') }}
),

-- The day says nothing more, but spares the engines the other days.
clicks as (
    select
        matches.commission_key,
        all_clicks.channel_key,
        all_clicks.channel_current_key,
        all_clicks.device_key
    from matches
    inner join all_clicks
        on
            matches.click_id = all_clicks.click_id
            and matches.date_key = all_clicks.date_key
),

channel_versions as (
    select
        channel_key,
        channel_current_key,
        valid_from,
        valid_to
    from {{ ref('int_master__channel_versions') }}
),

networks as (
    select
        network_key,
        network_code
    from {{ ref('dim_network') }}
),

countries as (
    select
        country_key,
        country_code
    from {{ ref('dim_country') }}
),

currencies as (
    select
        currency_key,
        currency_code,
        minor_units
    from {{ ref('dim_currency') }}
),

commissions as (
    select
        attributes.*,
        states.currency_code,
        states.network_status,
        states.status,
        states.entries,
        {% for amount in commission_amounts() %}
            states.{{ amount }}_amount,
            states.gross_{{ amount }}_amount,
            states.net_{{ amount }}_amount,
        {% endfor %}
        -- What the network says of its approval is nearer than when we saw it.
        case
            when states.status = 'approved'
                then coalesce(attributes.approved_at, states.approved_at)
        end as was_approved_at,
        states.reversed_at,
        states.paid_at,
        states.first_recorded_at,
        states.last_recorded_at,
        -- A click that we have tells its time better than the network does.
        coalesce(matches.clicked_at, attributes.clicked_at) as click_at,
        matches.click_id,
        matches.match_method,
        matches.match_confidence,
        -- Nobody ordered a bonus, an adjustment by hand, or a return that is a line of its own.
        case
            when
                coalesce(lower(attributes.commission_type), '') != 'bonus'
                and coalesce(states.network_status, '') != 'adjustment'
                and states.sale_amount >= 0
                and states.commission_amount >= 0
                then {{ dimension_key([
                    'attributes.network_code',
                    'attributes.advertiser_source_id',
                    'attributes.order_code',
                    'case when attributes.order_code is null then attributes.commission_code end',
                ]) }}
        end as order_id
    from attributes
    inner join states on attributes.commission_key = states.commission_key
    left join matches on attributes.commission_key = matches.commission_key
),

-- What a rate can be said of: an order that earns something now, of a program with a contract.
contracted as (
    select
        commissions.commission_key,
        contracted_rates.lowest_contracted_rate,
        contracted_rates.highest_contracted_rate,
        commissions.net_commission_amount,
        {% for end in ['lowest', 'highest'] %}
            {{ converted_amount(
                'commissions.net_sale_amount', 'contracted_rates.' ~ end ~ '_contracted_rate'
            ) }} as {{ end }}_amount,
        {% endfor %}
        cast({{ minor_unit_millionths('currencies.minor_units') | indent(8) }} as numeric(9, 0))
        * cast(0.000001 as numeric(7, 6)) as minor_unit
    from commissions
    inner join contracted_rates
        on commissions.commission_key = contracted_rates.commission_key
    left join currencies on commissions.currency_code = currencies.currency_code
    where
        commissions.order_id is not null
        and commissions.status in ('pending', 'approved')
        and commissions.net_sale_amount != 0
),

-- Less than a minor unit is rounding.
gaps as (
    select
        commission_key,
        lowest_contracted_rate,
        highest_contracted_rate,
        cast(
            case
                when lowest_amount - net_commission_amount >= minor_unit
                    then net_commission_amount - lowest_amount
                when net_commission_amount - highest_amount >= minor_unit
                    then net_commission_amount - highest_amount
                else 0
            end as numeric(18, 6)
        ) as commission_gap_amount
    from contracted
),

final as (
    select
        commissions.commission_key,
        {{ reporting_date_key('commissions.occurred_at') }} as date_key,
        {{ reporting_date_key('commissions.click_at') }} as clicked_date_key,
        {{ reporting_date_key('commissions.was_approved_at') }} as approved_date_key,
        {{ reporting_date_key('commissions.reversed_at') }} as reversed_date_key,
        {{ reporting_date_key('commissions.paid_at') }} as paid_date_key,
        {% for member in members %}
            coalesce({{ member }}_versions.member_key, -1) as {{ member }}_key,
        {% endfor %}
        coalesce(clicks.channel_key, channel_versions.channel_key, -1) as channel_key,
        {% for member in members if member != 'creative' %}
            coalesce({{ member }}_versions.current_key, -1) as {{ member }}_current_key,
        {% endfor %}
        coalesce(clicks.channel_current_key, channel_versions.channel_current_key, -1)
            as channel_current_key,
        coalesce(networks.network_key, -1) as network_key,
        coalesce(clicks.device_key, -1) as device_key,
        coalesce(countries.country_key, -1) as country_key,
        coalesce(currencies.currency_key, -1) as currency_key,
        {{ dimension_key([
            'commissions.network_code', 'commissions.network_status', 'commissions.status'
        ]) }} as commission_status_key,
        commissions.click_id,
        commissions.order_id,
        commissions.network_code,
        commissions.commission_code,
        commissions.account_code,
        commissions.order_code,
        commissions.sub_id,
        commissions.commission_type,
        commissions.status,
        commissions.reason,
        commissions.payment_code,
        commissions.customer_type,
        commissions.coupon_code,
        cast(coalesce(commissions.match_method, 'none') as varchar(20)) as match_method,
        commissions.match_confidence,
        commissions.currency_code,
        converted.reporting_currency_code,
        converted.client_currency_code,
        {% for amount in commission_amounts() %}
            commissions.{{ amount }}_amount,
            commissions.gross_{{ amount }}_amount,
            commissions.net_{{ amount }}_amount,
            {% for target in targets %}
                {%- set rate = 'converted.' ~ target ~ '_' ~ amount ~ '_rate' %}
                cast(
                    case
                        when converted.{{ target }}_{{ amount }}_missing > 0 then null
                        when commissions.gross_{{ amount }}_amount = 0 then 0
                        else {{ converted_amount('commissions.gross_' ~ amount ~ '_amount', rate) }}
                    end as numeric(18, 6)
                ) as {{ target }}_gross_{{ amount }}_amount,
                cast(
                    case
                        when converted.{{ target }}_{{ amount }}_missing > 0 then null
                        when commissions.status in ('pending', 'approved')
                            then converted.{{ target }}_{{ amount }}_amount
                        else 0
                    end as numeric(18, 6)
                ) as {{ target }}_net_{{ amount }}_amount,
            {% endfor %}
        {% endfor %}
        gaps.lowest_contracted_rate,
        gaps.highest_contracted_rate,
        gaps.commission_gap_amount,
        case
            when gaps.commission_gap_amount = 0 then cast(0 as numeric(18, 6))
            else {{ converted_amount(
                'gaps.commission_gap_amount', 'converted.reporting_commission_rate'
            ) }}
        end as reporting_commission_gap_amount,
        commissions.observations,
        commissions.entries,
        commissions.corrections,
        cast(
            cast({{ reporting_timestamp('commissions.was_approved_at') }} as date)
            - cast({{ reporting_timestamp('commissions.occurred_at') }} as date) as integer
        ) as approval_lag_days,
        greatest({{ missing | join(', ') }}) > 0 as has_missing_rate,
        commissions.match_method is not null as is_matched,
        commissions.paid_at is not null as is_paid,
        cast({{ reporting_timestamp('commissions.occurred_at') }} as date) as occurred_date,
        {% for milestone in ['click', 'was_approved', 'reversed', 'paid'] %}
            cast({{ reporting_timestamp('commissions.' ~ milestone ~ '_at') }} as date)
                as {{ milestones[loop.index0] }}_date,
        {% endfor %}
        commissions.occurred_at,
        commissions.click_at as clicked_at,
        commissions.was_approved_at as approved_at,
        commissions.reversed_at,
        commissions.paid_at,
        commissions.first_recorded_at,
        commissions.last_recorded_at
    from commissions
    inner join converted on commissions.commission_key = converted.commission_key
    {% for member in members %}
        left join {{ member }}_versions
            on
                {{ is_version_at('commissions', member, 'commissions.occurred_at') | indent(16) }}
    {% endfor %}
    left join gaps on commissions.commission_key = gaps.commission_key
    left join clicks on commissions.commission_key = clicks.commission_key
    left join channel_versions
        on
            partner_versions.channel_current_key = channel_versions.channel_current_key
            and commissions.occurred_at >= channel_versions.valid_from
            and commissions.occurred_at < channel_versions.valid_to
    left join networks on commissions.network_code = networks.network_code
    left join countries on commissions.country_code = countries.country_code
    left join currencies on commissions.currency_code = currencies.currency_code
)

select * from final
