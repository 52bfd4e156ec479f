{% test agrees_with_its_account(model) %}
    select
        accounts.network_code,
        accounts.account_id,
        accounts.time_zone,
        reports.time_zone as reported_time_zone,
        count(*) as reported_lines
    from {{ model }} as reports
    inner join {{ ref('dim_network_account') }} as accounts
        on reports.network_account_key = accounts.network_account_key
    where accounts.time_zone is not null and reports.time_zone != accounts.time_zone
    group by
        accounts.network_code,
        accounts.account_id,
        accounts.time_zone,
        reports.time_zone
{% endtest %}
