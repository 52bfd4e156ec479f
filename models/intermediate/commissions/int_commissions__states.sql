{{
    config(
        materialized='table',
        contract={'enforced': true},
        dist='commission_key',
        sort=['commission_key'],
        indexes=[{'columns': ['commission_key'], 'unique': True}],
    )
}}

{{ commission_states("(select * from " ~ ref('int_commissions__entries') ~ ") as entries_so_far") }}
