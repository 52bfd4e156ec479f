{{ config(
    dist='all',
    sort='time_of_day_key',
) }}

with minutes as (
    {{ integer_spine(24 * 60) }}
),

clock as (
    select
        number as time_of_day_key,
        {{ int_div('number', 60) }} as hour_of_day,
        mod(number, 60) as minute_of_hour,
        number - mod(number, 30) as half_hour_start_minute,
        number - mod(number, 15) as quarter_hour_start_minute
    from minutes
),

texts as (
    select
        time_of_day_key,
        hour_of_day,
        minute_of_hour,
        half_hour_start_minute,
        quarter_hour_start_minute,
        mod(hour_of_day + 11, 12) + 1 as hour_of_half_day,
        case when hour_of_day < 12 then 'AM' else 'PM' end as half_day_name,
        {{ two_digits('hour_of_day') }} as hour_text,
        {{ two_digits('minute_of_hour') }} as minute_text,
        {{ two_digits('mod(half_hour_start_minute, 60)') }} as half_hour_text,
        {{ two_digits('mod(half_hour_start_minute, 60) + 29') }} as half_hour_end_text,
        {{ two_digits('mod(quarter_hour_start_minute, 60)') }} as quarter_hour_text,
        {{ two_digits('mod(quarter_hour_start_minute, 60) + 14') }} as quarter_hour_end_text
    from clock
),

final as (
    select
        time_of_day_key,
        cast(hour_text || ':' || minute_text as varchar(5)) as time_name,
        cast(
            cast(hour_of_half_day as varchar(2)) || ':' || minute_text || ' ' || half_day_name
            as varchar(8)
        ) as time_12_hour_name,
        cast(hour_text || ':00-' || hour_text || ':59' as varchar(11)) as hour_name,
        cast(
            cast(hour_of_half_day as varchar(2)) || ' ' || half_day_name as varchar(5)
        ) as hour_12_hour_name,
        cast(
            hour_text || ':' || half_hour_text || '-' || hour_text || ':' || half_hour_end_text
            as varchar(11)
        ) as half_hour_name,
        cast(
            hour_text || ':' || quarter_hour_text || '-'
            || hour_text || ':' || quarter_hour_end_text
            as varchar(11)
        ) as quarter_hour_name,
        cast(half_day_name as varchar(2)) as half_day_name,
        cast(
            case
                when hour_of_day < 6 then 'Night'
                when hour_of_day < 12 then 'Morning'
                when hour_of_day < 18 then 'Afternoon'
                else 'Evening'
            end as varchar(9)
        ) as day_part_name,
        hour_of_day,
        hour_of_half_day,
        minute_of_hour,
        half_hour_start_minute,
        quarter_hour_start_minute
    from texts
)

select * from final
