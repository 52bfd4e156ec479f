{{ config(materialized='table', contract={'enforced': true}, dist='commission_key') }}

{#- Twice: a pull of everything that was made after a month's report says nothing of what the report
    knew, neither by what is in it nor by what is not. -#}
{%- set before_closing -%}
    inner join (select * from {{ ref('int_commissions__closings') }}) as closings
        on known.commission_key = closings.commission_key
    where {{ reporting_timestamp('known.pulled_at') }} < closings.closing_at
{%- endset %}
{%- set observations -%}
    (
        select known.* from (select * from {{ ref('int_commissions__pulled') }}) as known
        {{ before_closing }}
    )
{%- endset %}
{%- set entries -%}
    (
        select known.* from ({{ commission_entries(observations) }}) as known
        {{ before_closing }}
    ) as entries_when_reported
{%- endset %}

{{ commission_states(entries) }}
