{#- The reporting days on which int_clicks__verdicts is not what follows from the clicks, their keys and the rules
    that hit them; also days of which no click is left. -#}
{% macro outdated_verdict_days() -%}
    {%- set fingerprint = [
        'records', 'click_ids', 'lines', 'keys', 'rules', 'invalid', 'invalid_rules', 'suspect',
    ] -%}
    {%- set keys -%}
        {{ day_fingerprint() }},
        sum(mod(click_id, 1000003) * mod(coalesce(uniqueness_key, 999), 1000003)) as keys,
        sum(mod(click_id, 1000003) * mod(coalesce(rule_key, 999), 1000003)) as rules
    {%- endset -%}
    {%- set sql -%}
        with

        first_hits as (
            select
                date_key,
                click_id,
                min(case when severity = 'invalid' then priority end) as priority,
                max(case when severity = 'suspect' then 1 else 0 end) as suspect
            from {{ ref('int_clicks__judged') }}
            group by date_key, click_id
        ),

        -- The rule that has this priority at this time is known by its key.
        judged_days as (
            select
                first_hits.date_key,
                count(first_hits.priority) as invalid,
                sum(
                    mod(first_hits.click_id, 1000003) * mod(rules.quality_key, 1000003)
                ) as invalid_rules,
                sum(first_hits.suspect * mod(first_hits.click_id, 1000003)) as suspect
            from first_hits
            left join (select * from {{ ref('int_clicks__judged') }}) as hits
                on
                    first_hits.click_id = hits.click_id
                    and first_hits.priority = hits.priority
            left join (select * from {{ ref('int_click_quality_rules__in_force') }}) as rules
                on
                    hits.rule_id = rules.rule_id
                    and hits.version = rules.version
            group by first_hits.date_key
        ),

        clicked_days as (
            select
                date_key,
                {{ keys }}
            from {{ ref('int_clicks__keyed') }}
            group by date_key
        ),

        wanted_days as (
            select
                clicked_days.*,
                coalesce(judged_days.invalid, 0) as invalid,
                coalesce(judged_days.invalid_rules, 0) as invalid_rules,
                coalesce(judged_days.suspect, 0) as suspect
            from clicked_days
            left join judged_days on clicked_days.date_key = judged_days.date_key
        ),

        built_days as (
            select
                date_key,
                {{ keys }},
                sum(case when click_class = 'invalid' then 1 else 0 end) as invalid,
                sum(
                    case
                        when click_class = 'invalid'
                            then mod(click_id, 1000003) * mod(click_quality_key, 1000003)
                        else 0
                    end
                ) as invalid_rules,
                sum(case when is_suspect then mod(click_id, 1000003) else 0 end) as suspect
            from {{ this }}
            group by date_key
        )

        select coalesce(wanted_days.date_key, built_days.date_key) as date_key
        from wanted_days
        full outer join built_days on wanted_days.date_key = built_days.date_key
        where
            wanted_days.date_key is null
            or built_days.date_key is null
            {% for column in fingerprint %}
                or wanted_days.{{ column }} != built_days.{{ column }}
            {% endfor %}
    {%- endset -%}
    {{ return(first_column(sql)) }}
{%- endmacro %}
