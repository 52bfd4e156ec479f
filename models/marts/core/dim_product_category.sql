{{ config(dist='all', sort=['product_category_key']) }}

with

versions as (
    select
        product_category_key,
        product_category_code,
        product_category_name,
        parent_category_code,
        is_active,
        is_current,
        is_deleted,
        valid_from,
        valid_to
    from {{ ref('int_master__product_category_versions') }}
),

-- What a category is called above is asked for today.
named as (
    select
        product_category_code,
        product_category_name
    from versions
    where is_current
),

final as (
    select
        versions.product_category_key,
        {{ current_key('product_category', 'versions.product_category_code') }}
            as product_category_current_key,
        cast(versions.product_category_code as varchar(64)) as product_category_code,
        cast(versions.product_category_name as varchar(255)) as product_category_name,
        cast(versions.parent_category_code as varchar(64)) as parent_category_code,
        cast(named.product_category_name as varchar(255)) as parent_category_name,
        versions.is_active,
        versions.is_current,
        versions.is_deleted,
        versions.valid_from,
        versions.valid_to
    from versions
    left join named on versions.parent_category_code = named.product_category_code
    union all
    select
        cast(-1 as bigint) as product_category_key,
        cast(-1 as bigint) as product_category_current_key,
        cast(null as varchar(64)) as product_category_code,
        cast('Unknown' as varchar(255)) as product_category_name,
        cast(null as varchar(64)) as parent_category_code,
        cast(null as varchar(255)) as parent_category_name,
        cast(null as boolean) as is_active,
        true as is_current,
        false as is_deleted,
        {{ beginning_of_time() }} as valid_from,
        {{ end_of_time() }} as valid_to
)

select * from final
