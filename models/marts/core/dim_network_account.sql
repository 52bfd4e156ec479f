{{ config(dist='all', sort=['network_account_key']) }}

with

versions as (
    select
        network_account_key,
        network_account_code,
        network_account_name,
        network_code,
        side,
        account_id,
        currency_code,
        time_zone,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from {{ ref('int_master__network_account_versions') }}
),

final as (
    select
        network_account_key,
        cast(network_account_code as varchar(64)) as network_account_code,
        cast(network_account_name as varchar(255)) as network_account_name,
        cast(network_code as varchar(30)) as network_code,
        cast(side as varchar(20)) as side,
        cast(account_id as varchar(128)) as account_id,
        cast(currency_code as varchar(3)) as currency_code,
        cast(time_zone as varchar(63)) as time_zone,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from versions
    union all
    select
        cast(-1 as bigint) as network_account_key,
        cast(null as varchar(64)) as network_account_code,
        cast('Unknown' as varchar(255)) as network_account_name,
        cast(null as varchar(30)) as network_code,
        cast(null as varchar(20)) as side,
        cast(null as varchar(128)) as account_id,
        cast(null as varchar(3)) as currency_code,
        cast(null as varchar(63)) as time_zone,
        cast(null as boolean) as is_active,
        true as is_current,
        false as is_deleted,
        {{ beginning_of_time() }} as valid_from,
        {{ end_of_time() }} as valid_to
)

select * from final
