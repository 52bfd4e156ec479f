{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='commission_key',
        on_schema_change='fail',
        contract={'enforced': true},
        post_hook=[
            "{{ forget_gone_values('commission_key', folded_commissions()) }}",
            "{{ remember('int_commissions__full_pulls') }}",
            "{{ remember('commission_feeds') }}",
            "{{ remember('commission_statuses') }}",
        ],
        dist='commission_key',
        sort=['commission_key'],
        indexes=[{'columns': ['commission_key']}],
    )
}}

-- depends_on: {{ ref('int_commissions__full_pulls') }}

{%- set pull = ['feed', 'side', 'account_code', 'full_from', 'full_to', 'pulled_at', 'file_id'] %}
{#- What an entry says, as text. -#}
{%- set says = [
    'entries.currency_code',
    'entries.place',
    'entries.feed',
    'entries.record_code',
    'entries.network_status',
    'entries.status',
    'entries.previous_status',
    'entries.change_type',
    'entries.reason',
    boolean_text('entries.is_present_currency'),
    'entries.paid_at',
    'entries.recorded_at',
    'entries.pulled_at',
    'entries.file_id',
    'entries.line_number',
    'states.observations_state',
] %}
{%- for amount in commission_amounts() %}
    {%- do says.extend(['entries.' ~ amount ~ '_amount', 'entries.' ~ amount ~ '_level']) %}
{%- endfor %}
{%- set folds_all = not is_incremental() or ledger_words_have_changed() %}

with

pulled as (
    select *
    from {{ ref('int_commissions__pulled') }}
),

states as (
    select
        commission_key,
        observations_state
    from {{ ref('int_commissions__attributes') }}
),

{% if not folds_all %}
    known_states as (
        select distinct
            commission_key,
            observations_state
        from {{ this }}
    ),

    changed_pulls as (
        {{ changed_rows('int_commissions__full_pulls', pull) | indent(8) }}
    ),

    -- A pull of everything speaks of commissions that it does not hold.
    outdated as (
        select states.commission_key
        from states
        left join known_states
            on
                states.commission_key = known_states.commission_key
                and states.observations_state = known_states.observations_state
        where known_states.commission_key is null
        union
        select pulled.commission_key
        from pulled
        inner join changed_pulls
            on
                pulled.feed = changed_pulls.feed
                and coalesce(pulled.side, '') = changed_pulls.side
                and coalesce(pulled.account_code, '') = changed_pulls.account_code
                and pulled.occurred_at >= changed_pulls.full_from
                and pulled.occurred_at < changed_pulls.full_to
    ),

{% endif %}
whole_pulls as (
    select {{ pull | join(', ') }}
    from {{ ref('int_commissions__full_pulls') }}
),

observations as (
    select pulled.*
    from pulled
    {% if not folds_all %}
        inner join outdated on pulled.commission_key = outdated.commission_key
    {% endif %}
),

entries as (
    {{ commission_entries('observations', 'whole_pulls') | indent(4) }}
),

final as (
    select
        entries.*,
        states.observations_state,
        {{ dimension_key(says) | indent(8) }} as entry_state
    from entries
    inner join states on entries.commission_key = states.commission_key
)

select * from final
