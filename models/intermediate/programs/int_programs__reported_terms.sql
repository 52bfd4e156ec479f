{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

-- A network whose programs are delivered as well is one more select here.
reported as (
    select
        cast('awin' as varchar(30)) as network_code,
        account_code,
        program_id as program_source_id,
        program_name,
        membership_status,
        country_code,
        currency_code,
        lowest_percentage,
        highest_percentage,
        lowest_amount,
        highest_amount,
        is_deeplink_allowed,
        coalesce(is_full, false) as is_full,
        pulled_at,
        file_id,
        line_number
    from {{ ref('stg_awin__programme_details') }}
),

full_pulls as (
    select
        network_code,
        account_code,
        max(pulled_at) as pulled_at
    from reported
    where is_full
    group by
        network_code,
        account_code
),

numbered as (
    select
        reported.network_code,
        reported.account_code,
        reported.program_source_id,
        reported.program_name,
        reported.membership_status,
        reported.country_code,
        reported.currency_code,
        reported.lowest_percentage,
        reported.highest_percentage,
        reported.lowest_amount,
        reported.highest_amount,
        reported.is_deeplink_allowed,
        row_number() over (
            partition by reported.network_code, reported.account_code, reported.program_source_id
            order by reported.pulled_at desc, reported.file_id desc, reported.line_number desc
        ) as newest
    from reported
    left join full_pulls
        on
            reported.network_code = full_pulls.network_code
            and reported.account_code = full_pulls.account_code
    -- What the last full pull lacks is gone.
    where full_pulls.pulled_at is null or reported.pulled_at >= full_pulls.pulled_at
),

final as (
    select
        {{ dimension_key(['network_code', 'account_code', 'program_source_id']) }}
            as program_terms_key,
        network_code,
        account_code,
        program_source_id,
        program_name,
        membership_status,
        country_code,
        currency_code,
        cast(lowest_percentage / 100 as numeric(9, 6)) as lowest_rate,
        cast(highest_percentage / 100 as numeric(9, 6)) as highest_rate,
        lowest_amount,
        highest_amount,
        is_deeplink_allowed
    from numbered
    where newest = 1
)

select * from final
