{#- One row per commission: what its entries add up to.

    gross: the greatest amount ever reported, before rejections and refunds; net: the present amount, and 0 once the
    commission is reversed, deleted or a test ("net is after rejections and refunds and includes pending"). What
    began below zero, such as a return that is a line of its own, has no gross. -#}
{% macro commission_states(entries) -%}
    {%- set amounts = commission_amounts() -%}
    with entries as (
        select * from {{ entries }}
    ),

    latest as (
        select
            *,
            row_number() over (
                partition by commission_key
                order by place desc, case when is_present_currency then 0 else 1 end
            ) as place_from_end
        from entries
    ),

    present as (
        select
            commission_key,
            coalesce(currency_code, '') as fold_currency,
            currency_code,
            network_status,
            status
        from latest
        where place_from_end = 1
    ),

    moments as (
        select
            commission_key,
            count(*) as entries,
            min(recorded_at) as first_recorded_at,
            max(recorded_at) as last_recorded_at,
            max(case when status = 'approved' and coalesce(previous_status, '') != status then recorded_at end)
                as turned_approved_at,
            max(case when status = 'reversed' and coalesce(previous_status, '') != status then recorded_at end)
                as turned_reversed_at,
            min(paid_at) as paid_at
        from entries
        group by commission_key
    ),

    sums as (
        select
            commission_key,
            coalesce(currency_code, '') as fold_currency,
            {% for amount in amounts -%}
            sum({{ amount }}_amount) as {{ amount }}_amount,
            greatest(max({{ amount }}_level), 0) as gross_{{ amount }}_amount
            {{- ',' if not loop.last }}
            {% endfor %}
        from entries
        group by commission_key, coalesce(currency_code, '')
    )

    select
        present.commission_key,
        present.currency_code,
        present.network_status,
        present.status,
        cast(moments.entries as integer) as entries,
        {% for amount in amounts -%}
        cast(sums.{{ amount }}_amount as numeric(18, 6)) as {{ amount }}_amount,
        cast(sums.gross_{{ amount }}_amount as numeric(18, 6)) as gross_{{ amount }}_amount,
        cast(
            case when present.status in ('pending', 'approved') then sums.{{ amount }}_amount else 0 end
            as numeric(18, 6)
        ) as net_{{ amount }}_amount,
        {% endfor -%}
        case when present.status = 'approved' then moments.turned_approved_at end as approved_at,
        case when present.status = 'reversed' then moments.turned_reversed_at end as reversed_at,
        moments.paid_at,
        moments.first_recorded_at,
        moments.last_recorded_at
    from present
    inner join sums
        on
            present.commission_key = sums.commission_key
            and present.fold_currency = sums.fold_currency
    inner join moments on present.commission_key = moments.commission_key
{%- endmacro %}
