{% test status_words_are_known(model) %}
    select
        observed.feed,
        lower(observed.network_status) as network_status,
        count(*) as observations
    from {{ model }} as observed
    left join {{ ref('commission_statuses') }} as statuses
        on
            observed.network_code = statuses.network_code
            and lower(observed.network_status) = statuses.network_status
    where statuses.status is null
    group by observed.feed, lower(observed.network_status)
{% endtest %}
