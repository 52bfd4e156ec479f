{{
    config(
        materialized='table',
        contract={'enforced': true},
        dist='commission_key',
        sort=['commission_key'],
        indexes=[{'columns': ['commission_key'], 'unique': True}],
    )
}}

{%- set members = ['program', 'partner'] %}

with

attributes as (
    select
        commission_key,
        network_code,
        {% for member in members %}
            {{ member }}_source_id,
        {% endfor %}
        occurred_at
    from {{ ref('int_commissions__attributes') }}
),

{% for member in members %}
    {{ member }}_versions as (
        {{ member_versions(member) | indent(8) }}
    ),

{% endfor %}
programs as (
    select
        program_key,
        program_code,
        commission_rate
    from {{ ref('int_master__program_versions') }}
),

partners as (
    select
        partner_key,
        partner_code
    from {{ ref('int_master__partner_versions') }}
),

rates as (
    select
        program_code,
        product_category_code,
        partner_code,
        rate,
        valid_from,
        valid_to
    from {{ ref('int_master__commission_rate_versions') }}
    where is_active and not is_deleted
),

commissions as (
    select
        attributes.commission_key,
        programs.program_code,
        programs.commission_rate,
        partners.partner_code,
        attributes.occurred_at
    from attributes
    inner join program_versions
        on
            {{ is_version_at('attributes', 'program', 'attributes.occurred_at') | indent(12) }}
    inner join programs on program_versions.member_key = programs.program_key
    left join partner_versions
        on
            {{ is_version_at('attributes', 'partner', 'attributes.occurred_at') | indent(12) }}
    left join partners on partner_versions.member_key = partners.partner_key
),

-- Rates of the program that could be meant: no commission says its product's category.
applicable as (
    select
        commissions.commission_key,
        min(rates.rate) as lowest_rate,
        max(rates.rate) as highest_rate,
        min(case when rates.partner_code is not null then rates.rate end) as lowest_partner_rate,
        max(case when rates.partner_code is not null then rates.rate end) as highest_partner_rate,
        sum(
            case
                when rates.partner_code is not null and rates.product_category_code is null then 1
                else 0
            end
        ) as rates_for_all_categories
    from commissions
    inner join rates
        on
            commissions.program_code = rates.program_code
            and (rates.partner_code is null or commissions.partner_code = rates.partner_code)
            and commissions.occurred_at >= rates.valid_from
            and commissions.occurred_at < rates.valid_to
    group by commissions.commission_key
),

-- A rate of the partner is closer than one of a category, and both are closer than the program's.
chosen as (
    select
        commissions.commission_key,
        case
            when applicable.rates_for_all_categories > 0 then applicable.lowest_partner_rate
            when commissions.commission_rate is not null
                then least(
                    commissions.commission_rate,
                    coalesce(applicable.lowest_rate, commissions.commission_rate)
                )
        end as lowest_contracted_rate,
        case
            when applicable.rates_for_all_categories > 0 then applicable.highest_partner_rate
            when commissions.commission_rate is not null
                then greatest(
                    commissions.commission_rate,
                    coalesce(applicable.highest_rate, commissions.commission_rate)
                )
        end as highest_contracted_rate
    from commissions
    left join applicable on commissions.commission_key = applicable.commission_key
),

final as (
    select
        commission_key,
        cast(lowest_contracted_rate as numeric(9, 6)) as lowest_contracted_rate,
        cast(highest_contracted_rate as numeric(9, 6)) as highest_contracted_rate
    from chosen
    where lowest_contracted_rate is not null
)

select * from final
