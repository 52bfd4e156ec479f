{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='commission_key',
        on_schema_change='fail',
        contract={'enforced': true},
        post_hook=[
            "{{ forget_gone_values('commission_key', ref('int_commissions__entries')) }}",
            "{{ remember('int_commissions__entries', ['commission_key', 'entry_state']) }}",
        ],
        dist='commission_key',
        sort=['commission_key'],
        indexes=[{'columns': ['commission_key'], 'unique': True}],
    )
}}

with

{% if is_incremental() %}
    changed_entries as (
        {{ changed_rows('int_commissions__entries', ['commission_key', 'entry_state']) | indent(8) }}
    ),

    outdated as (
        select distinct commission_key
        from changed_entries
    ),

{% endif %}
all_entries as (
    select *
    from {{ ref('int_commissions__entries') }}
),

present_entries as (
    select all_entries.*
    from all_entries
    {% if is_incremental() %}
        inner join outdated on all_entries.commission_key = outdated.commission_key
    {% endif %}
),

final as (
    {{ commission_states('present_entries') | indent(4) }}
)

select * from final
