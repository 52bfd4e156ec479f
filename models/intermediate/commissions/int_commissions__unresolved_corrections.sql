{#- The feeds whose corrections are records of their own that name the original. -#}
{%- set feeds = ['cj_publisher_commissions', 'cj_advertiser_commissions'] -%}

with

records as (
    {% for feed in feeds %}
        select
            feed,
            network_code,
            commission_code,
            record_code,
            account_code,
            advertiser_source_id,
            partner_source_id,
            order_code,
            reason,
            currency_code,
            sale_amount,
            commission_amount,
            is_correction,
            occurred_at,
            modified_at,
            pulled_at,
            file_id,
            line_number,
            -- A pull that overlaps another delivers a record again; the last delivery speaks.
            row_number() over (
                partition by feed, record_code
                order by pulled_at desc, file_id desc, line_number desc
            ) as delivery
        from {{ ref('int_commissions__from_' ~ feed) }}
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
),

originals as (
    select distinct
        feed,
        commission_code
    from records
    where not is_correction
),

final as (
    select
        records.feed,
        records.network_code,
        records.commission_code,
        records.record_code,
        records.account_code,
        records.advertiser_source_id,
        records.partner_source_id,
        records.order_code,
        records.reason,
        records.currency_code,
        records.sale_amount,
        records.commission_amount,
        records.occurred_at,
        records.modified_at,
        records.pulled_at,
        records.file_id,
        records.line_number
    from records
    left join originals
        on
            records.feed = originals.feed
            and records.commission_code = originals.commission_code
    where
        records.is_correction
        and records.delivery = 1
        and originals.commission_code is null
)

select * from final
