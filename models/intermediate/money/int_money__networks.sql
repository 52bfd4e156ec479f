with

reports as (
    select network_code
    from {{ ref('stg_network_reports__daily') }}
),

payments as (
    select network_code
    from {{ ref('stg_payments__received') }}
),

costs as (
    select network_code
    from {{ ref('stg_costs__cost_lines') }}
    where network_code is not null
),

final as (
    select network_code
    from reports
    union
    select network_code
    from payments
    union
    select network_code
    from costs
)

select * from final
