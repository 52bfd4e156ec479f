{{ config(dist='all', sort=['country_key'], indexes=[{'columns': ['country_code']}]) }}

with

countries as (
    select
        country_code,
        country_name,
        region_name
    from {{ ref('countries') }}
),

final as (
    select
        {{ dimension_key(['country_code']) }} as country_key,
        cast(country_code as varchar(2)) as country_code,
        cast(country_name as varchar(100)) as country_name,
        cast(region_name as varchar(30)) as region_name
    from countries
    union all
    select
        cast(-1 as bigint) as country_key,
        cast(null as varchar(2)) as country_code,
        cast('Unknown' as varchar(100)) as country_name,
        cast('Unknown' as varchar(30)) as region_name
)

select * from final
