{{ config(dist='all', sort=['currency_key'], indexes=[{'columns': ['currency_code']}]) }}

with

currencies as (
    select
        currency_code,
        currency_name,
        minor_units,
        is_active
    from {{ ref('currencies') }}
),

final as (
    select
        {{ dimension_key(['currency_code']) }} as currency_key,
        cast(currency_code as varchar(3)) as currency_code,
        cast(currency_name as varchar(100)) as currency_name,
        cast(minor_units as integer) as minor_units,
        is_active
    from currencies
    union all
    select
        cast(-1 as bigint) as currency_key,
        cast(null as varchar(3)) as currency_code,
        cast('Unknown' as varchar(100)) as currency_name,
        cast(null as integer) as minor_units,
        cast(null as boolean) as is_active
)

select * from final
