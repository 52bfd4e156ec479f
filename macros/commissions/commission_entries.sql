{#- The entries of the commission ledger: one signed row per observed change of a commission.

    "Networks correct commissions in two ways: new rows and rows changed in place. Both become one ledger:
    append sources pass through, mutable sources emit new minus previous between successive pulls", in the
    order of the network's own modification time, and of the pull where the network has none.

    Every observation either sets an amount (`state`: it is the whole present amount; `final`: the first
    one takes over from what other feeds said) or adds to it (`append`: the difference to what the same
    record said before, so that a record pulled again adds nothing). An amount that an observation does
    not say is left alone. The level after each observation minus the level before it is the entry.

    Of some commissions only: `observations` has all of theirs, and `whole_pulls`, with the columns of the macro `full_pulls`,
    what was pulled whole with or without them. -#}
{% macro commission_entries(observations, whole_pulls=none) -%}
    {%- set amounts = commission_amounts() -%}
    {#- What of an observation is handed on beside its amounts and their currency. -#}
    {%- set carried = [
        'commission_key', 'network_code', 'feed', 'mode', 'record_code', 'network_status', 'is_gone',
        'reason', 'paid_at', 'effective_at', 'pulled_at', 'file_id', 'line_number',
    ] -%}
    {%- set by_place = 'partition by commission_key, fold_currency order by place' -%}
    {%- set by_observation = 'partition by commission_key, is_other_currency order by place' -%}
    {%- set running = 'rows between unbounded preceding and current row' -%}
    with observed as (
        select
            observations.*,
            feeds.mode,
            feeds.declares_full_windows,
            coalesce(observations.modified_at, observations.pulled_at) as effective_at
        from {{ observations }} as observations
        inner join (select * from {{ ref('commission_feeds') }}) as feeds on observations.feed = feeds.feed
    ),

    full_pulls as (
        {{ ('select * from ' ~ whole_pulls) if whole_pulls else full_pulls('observed') | indent(8) }}
    ),

    held as (
        select
            commission_key,
            feed,
            coalesce(side, '') as side,
            coalesce(account_code, '') as account_code,
            min(currency_code) as currency_code,
            min(occurred_at) as occurred_at,
            min(pulled_at) as first_pulled_at
        from observed
        where declares_full_windows
        group by commission_key, feed, coalesce(side, ''), coalesce(account_code, '')
    ),

    gone as (
        select
            held.commission_key,
            held.feed,
            held.currency_code,
            full_pulls.pulled_at,
            full_pulls.file_id
        from held
        inner join full_pulls
            on
                held.feed = full_pulls.feed
                and held.side = full_pulls.side
                and held.account_code = full_pulls.account_code
                and held.first_pulled_at < full_pulls.pulled_at
                and held.occurred_at >= full_pulls.full_from
                and held.occurred_at < full_pulls.full_to
        left join observed
            on
                held.commission_key = observed.commission_key
                and full_pulls.feed = observed.feed
                and full_pulls.side = coalesce(observed.side, '')
                and full_pulls.account_code = coalesce(observed.account_code, '')
                and full_pulls.pulled_at = observed.pulled_at
        where observed.commission_key is null
    ),

    said as (
        select
            commission_key,
            feed,
            mode,
            record_code,
            cast(lower(network_status) as varchar(63)) as network_status,
            false as is_gone,
            reason,
            currency_code,
            {% for amount in amounts -%}
            {{ amount }}_amount,
            {% endfor -%}
            paid_at,
            effective_at,
            pulled_at,
            file_id,
            line_number,
            network_code
        from observed
        union all
        select
            gone.commission_key,
            gone.feed,
            'state' as mode,
            cast(null as varchar(255)) as record_code,
            cast(null as varchar(63)) as network_status,
            true as is_gone,
            cast('no longer in a full pull' as varchar(500)) as reason,
            gone.currency_code,
            {% for amount in amounts -%}
            cast(0 as numeric(18, 6)) as {{ amount }}_amount,
            {% endfor -%}
            cast(null as timestamp) as paid_at,
            gone.pulled_at as effective_at,
            gone.pulled_at,
            gone.file_id,
            cast(0 as bigint) as line_number,
            feeds.network_code
        from gone
        inner join (select * from {{ ref('commission_feeds') }}) as feeds on gone.feed = feeds.feed
    ),

    placed as (
        select
            *,
            max(currency_code) over (partition by commission_key) as known_currency,
            row_number() over (
                partition by commission_key order by {{ observation_order('effective_at') }}
            ) as place
        from said
    ),

    counted as (
        select
            *,
            count(case when mode = 'final' then 1 end) over (
                partition by commission_key order by place {{ running }}
            ) as final_records
        from placed
    ),

    in_currency as (
        select
            {{ carried | join(',\n            ') }},
            place,
            {% for amount in amounts -%}
            {{ amount }}_amount,
            {% endfor -%}
            coalesce(currency_code, known_currency, '') as fold_currency,
            -- The first record of an accounting feed replaces what was said before it.
            mode = 'state' or (mode = 'final' and final_records = 1) as sets,
            false as is_other_currency
        from counted
        -- What a provisional feed says after the accounting feed has spoken is in there already.
        where mode != 'append' or final_records = 0
    ),

    currencies as (
        select distinct
            commission_key,
            fold_currency
        from in_currency
    ),

    -- An amount that is now in another currency is no longer in the one before.
    in_all_currencies as (
        select * from in_currency
        union all
        select
            {% for column in carried + ['place'] -%}
            in_currency.{{ column }},
            {% endfor -%}
            {% for amount in amounts -%}
            cast(
                case when in_currency.{{ amount }}_amount is not null then 0 end as numeric(18, 6)
            ) as {{ amount }}_amount,
            {% endfor -%}
            currencies.fold_currency,
            true as sets,
            true as is_other_currency
        from in_currency
        inner join currencies
            on
                in_currency.commission_key = currencies.commission_key
                and in_currency.fold_currency != currencies.fold_currency
        where in_currency.sets
    ),

    records as (
        select
            *,
            {% for amount in amounts -%}
            count({{ amount }}_amount) over (
                partition by commission_key, fold_currency, record_code, is_other_currency
                order by place {{ running }}
            ) as {{ amount }}_version
            {{- ',' if not loop.last }}
            {% endfor %}
        from in_all_currencies
    ),

    -- What the record says now, which an observation that does not say it leaves as it was.
    record_levels as (
        select
            *,
            {% for amount in amounts -%}
            coalesce(
                max({{ amount }}_amount) over (
                    partition by
                        commission_key,
                        fold_currency,
                        record_code,
                        is_other_currency,
                        {{ amount }}_version
                ), 0
            ) as {{ amount }}_said
            {{- ',' if not loop.last }}
            {% endfor %}
        from records
    ),

    steps as (
        select
            *,
            {% for amount in amounts -%}
            count(case when sets then {{ amount }}_amount end) over (
                {{ by_place }} {{ running }}
            ) as {{ amount }}_sets,
            case
                when sets then 0
                else {{ amount }}_said - coalesce(
                    lag({{ amount }}_said) over (
                        partition by commission_key, fold_currency, record_code, is_other_currency
                        order by place
                    ), 0
                )
            end as {{ amount }}_added
            {{- ',' if not loop.last }}
            {% endfor %}
        from record_levels
    ),

    levels as (
        select
            *,
            {% for amount in amounts -%}
            coalesce(
                max(case when sets then {{ amount }}_amount end) over (
                    partition by commission_key, fold_currency, {{ amount }}_sets
                ), 0
            )
            + sum({{ amount }}_added) over (
                partition by commission_key, fold_currency, {{ amount }}_sets
                order by place {{ running }}
            ) as {{ amount }}_level
            {{- ',' if not loop.last }}
            {% endfor %}
        from steps
    ),

    worths as (
        select
            *,
            max(abs(sale_level) + abs(commission_level)) over (
                {{ by_place }} {{ running }}
            ) as was_worth
        from levels
    ),

    judged as (
        select
            worths.*,
            case
                when worths.is_gone then 'deleted'
                -- An append feed takes a commission back by amounts that cancel it.
                when
                    worths.mode != 'state'
                    and not worths.is_other_currency
                    and worths.was_worth > 0
                    and coalesce(statuses.status, 'other') in ('pending', 'approved')
                    {%- for amount in amounts if amount != 'network_fee' %}
                    and worths.{{ amount }}_level = 0
                    {%- endfor %}
                    then 'reversed'
                else coalesce(statuses.status, 'other')
            end as status
        from worths
        left join (select * from {{ ref('commission_statuses') }}) as statuses
            on
                worths.network_code = statuses.network_code
                and worths.network_status = statuses.network_status
    ),

    changes as (
        select
            *,
            {% for amount in amounts -%}
            {{ amount }}_level - coalesce(lag({{ amount }}_level) over ({{ by_place }}), 0)
                as {{ amount }}_change,
            {% endfor -%}
            lag(status) over ({{ by_observation }}) as previous_status,
            lag(fold_currency) over ({{ by_observation }}) as previous_currency,
            min(paid_at) over ({{ by_observation }} {{ running }}) as paid_so_far
        from judged
    ),

    compared as (
        select
            *,
            coalesce(status != previous_status, place = 1) as has_new_status,
            coalesce(
                paid_so_far is not null
                and lag(paid_so_far) over ({{ by_observation }}) is null,
                false
            ) as is_newly_paid
        from changes
    ),

    entries as (
        select
            commission_key,
            cast(nullif(fold_currency, '') as varchar(3)) as currency_code,
            cast(place as integer) as place,
            feed,
            record_code,
            network_status,
            cast(status as varchar(10)) as status,
            cast(previous_status as varchar(10)) as previous_status,
            -- What happened, the most important first.
            cast(
                case
                    when is_other_currency or fold_currency != previous_currency then 'restated'
                    when place = 1 then 'created'
                    when has_new_status and status = 'pending' then 'reopened'
                    when has_new_status then status
                    when is_newly_paid then 'paid'
                    else 'amended'
                end as varchar(10)
            ) as change_type,
            reason,
            {% for amount in amounts -%}
            cast({{ amount }}_change as numeric(18, 6)) as {{ amount }}_amount,
            cast({{ amount }}_level as numeric(18, 6)) as {{ amount }}_level,
            {% endfor -%}
            not is_other_currency as is_present_currency,
            paid_so_far as paid_at,
            effective_at as recorded_at,
            pulled_at,
            file_id,
            line_number
        from compared
        where
            (not is_other_currency and (has_new_status or is_newly_paid))
            {%- for amount in amounts %}
            or {{ amount }}_change != 0
            {%- endfor %}
    )

    select * from entries
{%- endmacro %}
