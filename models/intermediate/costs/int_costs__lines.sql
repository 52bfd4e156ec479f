with

lines as (
    select
        cost_code,
        cost_type,
        network_code,
        advertiser_code,
        advertiser_source_id,
        partner_code,
        partner_source_id,
        program_code,
        program_source_id,
        campaign_code,
        campaign_source_id,
        channel_code,
        currency_code,
        amount,
        spread,
        period_from,
        period_to,
        file_id,
        line_number,
        row_number() over (
            partition by cost_code
            order by
                coalesce(pulled_at, {{ beginning_of_time() }}) desc, file_id desc, line_number desc
        ) as copy_number
    from {{ ref('stg_costs__cost_lines') }}
),

final as (
    select
        cost_code,
        cost_type,
        network_code,
        advertiser_code,
        advertiser_source_id,
        partner_code,
        partner_source_id,
        program_code,
        program_source_id,
        campaign_code,
        campaign_source_id,
        channel_code,
        currency_code,
        cast(amount as numeric(18, 6)) as amount,
        file_id,
        line_number,
        period_from as from_date,
        -- A line of one day may leave its end away.
        case
            when spread = 'daily' and period_to > period_from then period_to
            else period_from
        end as to_date,
        -- What it is for, whether or not it is spread over it.
        case when period_to > period_from then period_to else period_from end as period_to_date
    from lines
    where copy_number = 1
)

select * from final
