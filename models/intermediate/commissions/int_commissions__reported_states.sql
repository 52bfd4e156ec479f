{{ config(materialized='table', contract={'enforced': true}, dist='commission_key') }}

{%- set known = "(
    select observations.*
    from (select * from " ~ ref('int_commissions__pulled') ~ ") as observations
    inner join (select * from " ~ ref('int_commissions__closings') ~ ") as closings
        on observations.commission_key = closings.commission_key
    where " ~ reporting_timestamp('observations.pulled_at') ~ " < closings.closing_at
)" %}

{{ commission_states('(' ~ commission_entries(known) ~ ') as entries_when_reported') }}
