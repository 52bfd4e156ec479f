{{ config(materialized='table', contract={'enforced': true}, dist='commission_key') }}

{%- set limits -%}
    inner join (select * from {{ ref('int_commissions__closings') }}) as closings
        on known.commission_key = closings.commission_key
{%- endset %}

{{ commission_states_then(
    reporting_timestamp('known.pulled_at') ~ ' < closings.closing_at', limits
) }}
