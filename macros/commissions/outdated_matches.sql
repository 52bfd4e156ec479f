{#- The commissions (a query of their commission_key) for which int_commissions__matched_to_clicks has to look for a click again:
    something else said of their clicks than it saw, other clicks where theirs may be, or a network of which it knew something else. A click
    vanishes only with a file of clicks: then of all. -#}
{% macro outdated_matches() -%}
    {%- set days = changed_days('int_clicks__verdicts') -%}
    {%- if gone_files(remembered('int_clicks__received')) -%}
        select commission_key from {{ ref('int_commissions__attributes') }}
    {%- else -%}
        with

        attributes as (
            select
                commission_key,
                network_code,
                click_state,
                clicked_at,
                occurred_at
            from {{ ref('int_commissions__attributes') }}
        ),

        known_attributes as (
            select
                commission_key,
                network_code,
                click_state,
                clicked_at
            from {{ remembered('int_commissions__attributes') }}
        ),

        -- Whether a network tells the times of clicks is asked of all its commissions.
        is_telling as (
            select distinct network_code from attributes where clicked_at is not null
        ),

        was_telling as (
            select distinct network_code from known_attributes where clicked_at is not null
        ),

        changed_networks as (
            select network_code
            from ({{ changed_rows(
                'int_master__crosswalk_versions',
                ['network_code', 'source_id', 'code'],
                "kind = 'advertiser' and is_current and not is_deleted and code is not null",
            ) }}) as changed_advertisers
            union
            select coalesce(is_telling.network_code, was_telling.network_code) as network_code
            from is_telling
            full outer join was_telling on is_telling.network_code = was_telling.network_code
            where is_telling.network_code is null or was_telling.network_code is null
        )

        select attributes.commission_key
        from attributes
        left join known_attributes
            on
                attributes.commission_key = known_attributes.commission_key
                and attributes.click_state = known_attributes.click_state
        left join changed_networks on attributes.network_code = changed_networks.network_code
        where
            known_attributes.commission_key is null
            or changed_networks.network_code is not null
            or {{ in_list(
                reporting_date_key('attributes.occurred_at'),
                days_around(days, 1, match_days()),
            ) }}
            or {{ in_list(reporting_date_key('attributes.clicked_at'), days_around(days, 1, 1)) }}
        {%- if days %}
        union
        select named.commission_key
        from ({{ named_clicks('(select * from ' ~ ref('int_commissions__attributes') ~ ')') }}) as named
        inner join (
            select click_id
            from {{ ref('int_clicks__verdicts') }}
            where {{ in_list('date_key', days) }}
        ) as clicks on named.click_id = clicks.click_id
        {%- endif %}
    {%- endif -%}
{%- endmacro %}
