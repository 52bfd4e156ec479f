-- "Do the networks pay what we agreed on?"
-- One row per program, partner and rates of the contract at the time: what the commissions were
-- worth, and what they lack of the contract or have beyond it. Amounts are in the reporting
-- currency; the greatest difference comes first.

with

commissions as (
    select
        program_key,
        partner_key,
        lowest_contracted_rate,
        highest_contracted_rate,
        reporting_net_sale_amount,
        reporting_net_commission_amount,
        reporting_commission_gap_amount
    from {{ ref('fct_commissions') }}
    where commission_gap_amount != 0
),

programs as (
    select
        program_key,
        program_code,
        program_name
    from {{ ref('dim_program') }}
),

partners as (
    select
        partner_key,
        partner_name
    from {{ ref('dim_partner') }}
),

final as (
    select
        programs.program_code,
        programs.program_name,
        partners.partner_name,
        commissions.lowest_contracted_rate,
        commissions.highest_contracted_rate,
        count(*) as commissions,
        sum(commissions.reporting_net_sale_amount) as sales,
        sum(commissions.reporting_net_commission_amount) as net_commission,
        sum(commissions.reporting_commission_gap_amount) as commission_gap
    from commissions
    inner join programs on commissions.program_key = programs.program_key
    inner join partners on commissions.partner_key = partners.partner_key
    group by
        programs.program_code,
        programs.program_name,
        partners.partner_name,
        commissions.lowest_contracted_rate,
        commissions.highest_contracted_rate
)

select *
from final
order by abs(commission_gap) desc
