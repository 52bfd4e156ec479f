{#- The reporting days (yyyymmdd) of fct_clicks that have to be built again: its clicks or their
    verdicts are not those of int_clicks__verdicts, or they carry the key of a version or channel that has changed since. -#}
{% macro outdated_click_days(members) -%}
    {%- set channels = ['source', 'medium', 'campaign', 'channel_key'] -%}
    {%- set sql -%}
        with

        judged_days as (
            select
                date_key,
                {{ day_fingerprint() }},
                {{ verdicts_fingerprint() }}
            from {{ ref('int_clicks__verdicts') }}
            group by date_key
        ),

        built_days as (
            select
                date_key,
                {{ day_fingerprint() }},
                {{ verdicts_fingerprint() }}
            from {{ this }}
            group by date_key
        ),

        outdated_versions as (
            {{ outdated_versions() }}
        ),

        outdated_channels as (
            select {{ channels | join(', ') }}
            from {{ remembered('int_channels__assigned') }}
            except
            select {{ channels | join(', ') }}
            from {{ ref('int_channels__assigned') }}
        )

        select judged_days.date_key
        from judged_days
        left join built_days
            on
                judged_days.date_key = built_days.date_key
                and judged_days.records = built_days.records
                and judged_days.click_ids = built_days.click_ids
                and judged_days.lines = built_days.lines
                and judged_days.verdicts = built_days.verdicts
                and judged_days.suspects = built_days.suspects
        where built_days.date_key is null
        {{ union_days_of_outdated_versions(members, 'clicked_at') }}
        union
        select built.date_key
        from {{ this }} as built
        inner join outdated_channels on built.channel_key = outdated_channels.channel_key
    {%- endset -%}
    {{ return(first_column(sql)) }}
{%- endmacro %}
