{#- The pulls that say by their silence that a commission is gone: those of everything in a window, of feeds that declare such
    windows. Any other pull "that no longer contains a row says nothing about it". Nor does one of which a record was
    rejected: that may be the very one. -#}
{% macro full_pulls(observations) -%}
    select
        feed,
        coalesce(side, '') as side,
        coalesce(account_code, '') as account_code,
        full_from,
        full_to,
        pulled_at,
        max(file_id) as file_id
    from {{ observations }} as observations
    where
        full_from is not null
        and full_to is not null
        and feed in (
            select feeds.feed
            from (select * from {{ ref('commission_feeds') }}) as feeds
            where feeds.declares_full_windows
        )
    group by feed, coalesce(side, ''), coalesce(account_code, ''), full_from, full_to, pulled_at
    having coalesce(max(rejected_records), 0) = 0
{%- endmacro %}
