{{
    config(
        materialized='table',
        contract={'enforced': true},
        dist='commission_key',
        sort=['commission_key'],
        indexes=[{'columns': ['commission_key']}],
    )
}}

{{ commission_entries("(select * from " ~ ref('int_commissions__pulled') ~ ")") }}
