{#- One row per commission of `entries`: its amounts when it was last neither reversed nor deleted, which is what a report of
    gross sales still has of it. A network that keeps the amounts of a reversed commission says them itself. -#}
{% macro amounts_before_reversal(entries) -%}
    with entries as (
        select * from {{ entries }}
    ),

    ends as (
        select
            commission_key,
            max(place) as last_place,
            max(case when status not in ('reversed', 'deleted') then place end) as live_place
        from entries
        where is_present_currency
        group by commission_key
    ),

    levels as (
        select
            entries.commission_key,
            {% for amount in commission_amounts() -%}
            max(case when entries.place = ends.last_place then entries.{{ amount }}_level end)
                as last_{{ amount }},
            max(case when entries.place = ends.live_place then entries.{{ amount }}_level end)
                as live_{{ amount }}
            {{- ',' if not loop.last }}
            {% endfor %}
        from entries
        inner join ends on entries.commission_key = ends.commission_key
        where entries.is_present_currency
        group by entries.commission_key
    )

    select
        commission_key,
        {% for amount in commission_amounts() -%}
        cast(
            case
                when last_sale = 0 and last_commission = 0
                    then coalesce(live_{{ amount }}, last_{{ amount }})
                else last_{{ amount }}
            end as numeric(18, 6)
        ) as kept_{{ amount }}_amount
        {{- ',' if not loop.last }}
        {% endfor %}
    from levels
{%- endmacro %}
