{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

history as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        code as fee_code,
        name as fee_name,
        fee_type,
        network_code,
        advertiser_code,
        partner_code,
        program_code,
        rate,
        amount,
        currency_code,
        charged,
        starts_on,
        ends_on,
        is_active,
        file_id,
        line_number
    from {{ ref('stg_master_data__fee_history') }}
),

versions as (
    {{
        scd2(
            'history',
            record_key=['fee_code'],
            fields=[
                'fee_name',
                'fee_type',
                'network_code',
                'advertiser_code',
                'partner_code',
                'program_code',
                'rate',
                'amount',
                'currency_code',
                'charged',
                'starts_on',
                'ends_on',
                'is_active',
            ],
        ) | indent(4)
    }}
),

numbered as (
    select
        fee_code,
        recorded_at,
        effective_from,
        row_number() over (
            partition by fee_code
            order by history_id, file_id, line_number
        ) as place
    from history
),

beginnings as (
    select
        fee_code,
        -- What is so for all time has no beginning: the day on which somebody wrote it has.
        case
            when effective_from > {{ beginning_of_time() }} then effective_from
            else recorded_at
        end as began_at
    from numbered
    where place = 1
),

final as (
    select
        versions.fee_code,
        versions.fee_name,
        versions.fee_type,
        versions.network_code,
        versions.advertiser_code,
        versions.partner_code,
        versions.program_code,
        cast(versions.rate as numeric(9, 6)) as rate,
        cast(versions.amount as numeric(18, 6)) as amount,
        versions.currency_code,
        versions.charged,
        versions.is_active,
        versions.is_current,
        versions.is_deleted,
        versions.starts_on,
        versions.ends_on,
        cast({{ reporting_timestamp('beginnings.began_at') }} as date) as began_on,
        versions.valid_from,
        versions.valid_to
    from versions
    inner join beginnings on versions.fee_code = beginnings.fee_code
)

select * from final
