{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

history as (
    select
        history_id,
        recorded_at,
        change_type,
        effective_from,
        network_code,
        side,
        account_id,
        code as network_account_code,
        name as network_account_name,
        currency_code,
        time_zone,
        is_active,
        file_id,
        line_number
    from {{ ref('stg_master_data__network_account_history') }}
),

-- By what facts know an account by, so that they find one, even where two records claim the same.
versions as (
    {{
        scd2(
            'history',
            record_key=['network_code', 'side', 'account_id'],
            fields=[
                'network_account_code',
                'network_account_name',
                'currency_code',
                'time_zone',
                'is_active',
            ],
        ) | indent(4)
    }}
),

final as (
    select
        {{ dimension_key(
            ["'network_account'", 'network_code', 'side', 'account_id', timestamp_text('valid_from')]
        ) }} as network_account_key,
        network_code,
        side,
        account_id,
        network_account_code,
        network_account_name,
        currency_code,
        time_zone,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from versions
)

select * from final
