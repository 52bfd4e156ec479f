with

commissions as (
    select
        commission_id,
        original_action_id,
        account_code,
        advertiser_id,
        publisher_id,
        ad_id,
        order_id,
        shopper_id,
        action_type,
        action_status,
        validation_status,
        correction_reason,
        coupon_code,
        country_code,
        concluding_device_type,
        click_referring_url,
        sale_amount_usd,
        pub_commission_amount_usd,
        is_original,
        clicked_at,
        occurred_at,
        posted_at,
        locks_at,
        pulled_at,
        file_id,
        line_number
    from {{ ref('stg_cj__publisher_commissions') }}
),

final as (
    select
        {{ observed_cj_commission('publisher') }}
    from commissions
)

select * from final
