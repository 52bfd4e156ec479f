with

advertisers as (
    select reporting_currency_code
    from {{ ref('int_master__advertiser_versions') }}
    where reporting_currency_code is not null
),

final as (
    select {{ reporting_currency() }} as currency_code
    union
    select cast(reporting_currency_code as varchar(3)) as currency_code
    from advertisers
)

select * from final
