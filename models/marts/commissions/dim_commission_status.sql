{{ config(dist='all', sort=['commission_status_key']) }}

with

words as (
    select
        network_code,
        network_status,
        status,
        description
    from {{ ref('commission_statuses') }}
),

entries as (
    select
        commission_key,
        network_status,
        status
    from {{ ref('int_commissions__entries') }}
),

attributes as (
    select
        commission_key,
        network_code
    from {{ ref('int_commissions__attributes') }}
),

-- What the ledger concludes without a word of the network's, and words that nobody has mapped yet.
concluded as (
    select distinct
        attributes.network_code,
        entries.network_status,
        entries.status
    from entries
    inner join attributes on entries.commission_key = attributes.commission_key
),

unioned as (
    select
        network_code,
        network_status,
        status,
        description,
        true as is_mapped
    from words
    union all
    select
        concluded.network_code,
        concluded.network_status,
        concluded.status,
        case
            when concluded.status = 'deleted' then 'No longer in a full pull of the network.'
            when concluded.status = 'reversed' then 'Taken back by records that cancel it.'
            else 'A word that is not mapped.'
        end as description,
        concluded.status != 'other' as is_mapped
    from concluded
    left join words
        on
            concluded.network_code = words.network_code
            and concluded.network_status = words.network_status
            and concluded.status = words.status
    where words.network_code is null
),

final as (
    select
        {{ dimension_key(['network_code', 'network_status', 'status']) }} as commission_status_key,
        cast(network_code as varchar(30)) as network_code,
        cast(network_status as varchar(63)) as network_status,
        cast(status as varchar(10)) as status,
        cast(description as varchar(255)) as status_description,
        is_mapped
    from unioned
    union all
    select
        cast(-1 as bigint) as commission_status_key,
        cast(null as varchar(30)) as network_code,
        cast(null as varchar(63)) as network_status,
        cast('other' as varchar(10)) as status,
        cast('Unknown' as varchar(255)) as status_description,
        false as is_mapped
)

select * from final
