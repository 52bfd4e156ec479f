{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

with

listed as (
    select
        network,
        rule_id,
        provider,
        source,
        added_in_version,
        removed_in_version
    from {{ ref('data_centre_networks') }}
),

measured as (
    select
        network,
        rule_id,
        provider,
        source,
        added_in_version,
        removed_in_version,
        {{ prefix_length('network') }} as prefix_length,
        {{ network_number('network') }} as network_number,
        case when network like '%:%' then 6 else 4 end as ip_version,
        case when network like '%:%' then 48 else 24 end as kept_bits
    from listed
),

final as (
    select
        cast(network as varchar(43)) as network,
        cast(rule_id as varchar(40)) as rule_id,
        cast(provider as varchar(40)) as provider,
        cast(source as varchar(40)) as source,
        cast(ip_version as integer) as ip_version,
        cast(kept_bits as integer) as kept_bits,
        cast(prefix_length as integer) as prefix_length,
        -- A narrower block is only a part of what a click keeps of its address.
        case
            when prefix_length <= kept_bits
                then {{ block_key(
                    'ip_version',
                    'prefix_length',
                    leading_bits('network_number', 'kept_bits', 'prefix_length'),
                ) }}
        end as block_key,
        prefix_length <= kept_bits as is_decidable,
        cast(added_in_version as integer) as added_in_version,
        cast(removed_in_version as integer) as removed_in_version
    from measured
)

select * from final
