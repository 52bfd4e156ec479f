{{ config(dist='all', sort=['brand_key']) }}

with

versions as (
    select
        brand_key,
        brand_code,
        brand_name,
        advertiser_code,
        website_domain,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from {{ ref('int_master__brand_versions') }}
),

final as (
    select
        brand_key,
        {{ current_key('brand', 'brand_code') }} as brand_current_key,
        cast(brand_code as varchar(64)) as brand_code,
        cast(brand_name as varchar(255)) as brand_name,
        cast(advertiser_code as varchar(64)) as advertiser_code,
        cast(website_domain as varchar(255)) as website_domain,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from versions
    union all
    select
        cast(-1 as bigint) as brand_key,
        cast(-1 as bigint) as brand_current_key,
        cast(null as varchar(64)) as brand_code,
        cast('Unknown' as varchar(255)) as brand_name,
        cast(null as varchar(64)) as advertiser_code,
        cast(null as varchar(255)) as website_domain,
        cast(null as boolean) as is_active,
        true as is_current,
        false as is_deleted,
        {{ beginning_of_time() }} as valid_from,
        {{ end_of_time() }} as valid_to
)

select * from final
