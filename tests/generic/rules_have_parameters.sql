{#- Guards rules of the seed click_quality_rules against a missing parameter, with which they would silently
    find nothing. Returns the versions whose parameters do not fit their kind. -#}
{% test rules_have_parameters(model) %}
    select
        rule_id,
        version
    from {{ model }}
    where
        not case kind
            when 'activity'
                then
                    coalesce(threshold, 0) >= 1
                    and coalesce(scope, '') in ('visitor', 'ip_prefix')
                    and coalesce(window_seconds, 0) > 0
                    and mod(900, coalesce(nullif(window_seconds, 0), 901)) = 0
            when 'timing' then coalesce(threshold, 0) > 0
            when 'sequence' then coalesce(threshold, -1) >= 0
            when 'click_id' then coalesce(threshold, 0) >= 2 and coalesce(scope, '') = 'ip_hash'
            when 'prefetch' then coalesce(scope, '') in ('purpose', 'method')
            when 'concentration'
                then
                    coalesce(threshold, 0) > 0
                    and coalesce(scope, '') = 'partner'
                    and coalesce(minimum_clicks, 0) >= 2
                    and coalesce(peer_ratio, 0) > 0
            else threshold is null and window_seconds is null and scope is null
        end
{% endtest %}
