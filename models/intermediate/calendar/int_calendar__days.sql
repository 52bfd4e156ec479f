{{ config(materialized='table', indexes=[{'columns': ['epoch_day'], 'unique': true}]) }}

{#- Two years more than dim_date on either side: the retail year, ISO week and holiday before its
    first day and after its last one are whole. -#}
{%- set first_day = modules.datetime.date(1968, 1, 1) -%}
{%- set last_day = modules.datetime.date(2056, 12, 31) -%}
{%- set epoch = modules.datetime.date(1970, 1, 1) -%}
with numbers as (
    {{ integer_spine((last_day - first_day).days + 1) }}
),

numbered as (
    select number - {{ (epoch - first_day).days }} as epoch_day
    from numbers
),

dated as (
    select
        epoch_day,
        {{ date_from_epoch_day('epoch_day') }} as date_day
    from numbered
),

final as (
    select
        epoch_day,
        date_day,
        cast(extract(year from date_day) as integer) as calendar_year,
        cast(extract(month from date_day) as integer) as month_of_year,
        cast(extract(day from date_day) as integer) as day_of_month,
        {{ iso_day_of_week('epoch_day') }} as iso_day_of_week
    from dated
)

select * from final
