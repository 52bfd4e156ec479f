{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='commission_key',
        on_schema_change='fail',
        contract={'enforced': true},
        pre_hook="{{ forget_outdated('commission_key', changed_reconciled_commissions) }}",
        post_hook=[
            "{{ remember('int_reconciliation__commissions', [
                'report_key', 'commission_key', 'row_state',
            ]) }}",
            "{{ remember('commission_feeds') }}",
            "{{ remember('commission_statuses') }}",
        ],
        dist='commission_key',
        sort=['commission_key'],
    )
}}

-- depends_on: {{ ref('commission_statuses') }}

{%- set minutes = var('reconciliation_pull_minutes') | int -%}
{%- set windows = ['full_from', 'full_to'] -%}
{%- set as_of_key = dimension_key(['affected.commission_key', 'affected.report_pulled_at']) %}

with

{% if is_incremental() %}
    outdated as (
        select *
        from {{ outdated_keys() }}
    ),

{% endif %}
all_compared as (
    select
        commission_key,
        report_pulled_at
    from {{ ref('int_reconciliation__commissions') }}
    where report_pulled_at is not null
),

compared as (
    select distinct
        all_compared.commission_key,
        all_compared.report_pulled_at
    from all_compared
    {% if is_incremental() %}
        inner join outdated on all_compared.commission_key = outdated.commission_key
    {% endif %}
),

pulled as (
    select *
    from {{ ref('int_commissions__pulled') }}
),

observations as (
    select pulled.*
    from pulled
    {% if is_incremental() %}
        inner join outdated on pulled.commission_key = outdated.commission_key
    {% endif %}
),

feeds as (
    select
        feed,
        mode
    from {{ ref('commission_feeds') }}
),

entries as (
    select
        commission_key,
        pulled_at
    from {{ ref('int_commissions__entries') }}
    -- No record says so: the commission was missing in a pull of everything.
    where line_number = 0
),

numbered as (
    select
        observations.*,
        feeds.mode,
        observations.pulled_at - interval '{{ minutes }} minute' as pulled_with_at,
        row_number() over (
            partition by
                observations.commission_key, observations.feed, observations.record_code
            order by observations.pulled_at, observations.file_id, observations.line_number
        ) as delivery
    from observations
    inner join feeds on observations.feed = feeds.feed
),

-- When the network had it. Its own time where it says so; a sale from the beginning, whenever we
-- first asked for it. Of other changes we know only that they came before the pull that has them;
-- the pulls of a night are made one after another.
dated as (
    select
        numbered.*,
        case
            when numbered.mode = 'state' and numbered.delivery = 1 then numbered.occurred_at
            when numbered.mode = 'state'
                then coalesce(numbered.modified_at, numbered.pulled_with_at)
            when coalesce(numbered.posted_at, numbered.modified_at) is not null
                then coalesce(numbered.posted_at, numbered.modified_at)
            when coalesce(numbered.is_correction, false) then numbered.pulled_with_at
            else numbered.occurred_at
        end as known_at
    from numbered
),

gone as (
    select
        compared.commission_key,
        compared.report_pulled_at,
        max(
            case
                when
                    entries.pulled_at - interval '{{ minutes }} minute' <= compared.report_pulled_at
                    then entries.pulled_at
            end
        ) as gone_before_at,
        max(
            case
                when
                    entries.pulled_at - interval '{{ minutes }} minute' > compared.report_pulled_at
                    then 1
                else 0
            end
        ) as is_gone_since
    from compared
    inner join entries on compared.commission_key = entries.commission_key
    group by compared.commission_key, compared.report_pulled_at
),

changed as (
    select
        compared.commission_key,
        compared.report_pulled_at
    from compared
    inner join dated
        on
            compared.commission_key = dated.commission_key
            and compared.report_pulled_at < dated.known_at
    union
    select
        commission_key,
        report_pulled_at
    from gone
    where is_gone_since = 1
),

affected as (
    select
        commission_key,
        report_pulled_at
    from changed
),

-- The fold takes a commission at a moment for a commission of its own. Only a part of each pull is
-- here, so that none may say that it is whole: its silence would take amounts back.
known as (
    select
        {{ as_of_key }} as commission_key,
        affected.commission_key as real_commission_key,
        affected.report_pulled_at,
        dated.feed,
        dated.network_code,
        {% for column in observed_commission_columns() if column not in windows %}
            dated.{{ column }},
        {% endfor %}
        {% for column in windows %}
            cast(null as timestamp) as {{ column }},
        {% endfor %}
        dated.rejected_records
    from affected
    inner join dated
        on
            affected.commission_key = dated.commission_key
            and affected.report_pulled_at >= dated.known_at
),

entries_by_then as (
    {{ commission_entries('known') | indent(4) }}
),

kept as (
    {{ amounts_before_reversal('entries_by_then') | indent(4) }}
),

states as (
    {{ commission_states('entries_by_then') | indent(4) }}
),

last_known as (
    select
        commission_key,
        max(pulled_at) as pulled_at
    from known
    group by commission_key
),

final as (
    select
        affected.commission_key,
        affected.report_pulled_at,
        cast(
            case
                when gone.gone_before_at > last_known.pulled_at then 'deleted'
                else states.status
            end as varchar(10)
        ) as status,
        {% for amount in commission_amounts() %}
            cast(states.{{ amount }}_amount as numeric(18, 6)) as {{ amount }}_amount,
            cast(kept.kept_{{ amount }}_amount as numeric(18, 6)) as kept_{{ amount }}_amount,
        {% endfor %}
        states.commission_key is not null as is_known
    from affected
    left join states on {{ as_of_key }} = states.commission_key
    left join kept on states.commission_key = kept.commission_key
    left join last_known on states.commission_key = last_known.commission_key
    left join gone
        on
            affected.commission_key = gone.commission_key
            and affected.report_pulled_at = gone.report_pulled_at
)

select * from final
