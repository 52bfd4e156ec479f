{#- The reporting days of a fact of sessions that have to be built again: its sessions that began then are not
    those of int_sessions__events, or they carry the key of a version that has changed since. -#}
{% macro outdated_session_days(is_set_aside, members=[]) -%}
    {%- set sql -%}
        with

        assigned_days as (
            select
                session_date_key,
                count(*) as events,
                sum(session_state) as state
            from {{ ref('int_sessions__events') }}
            where quarantine_reason is {{ 'not' if is_set_aside }} null
            group by session_date_key
        ),

        built_days as (
            select
                date_key,
                sum(events) as events,
                sum(events_state) as state
            from {{ this }}
            group by date_key
        )
        {%- if members %},

        outdated_versions as (
            {{ outdated_versions() }}
        ),

        outdated_channel_versions as (
            {{ outdated_channel_versions() }}
        )
        {%- endif %}

        select assigned_days.session_date_key as date_key
        from assigned_days
        left join built_days
            on
                assigned_days.session_date_key = built_days.date_key
                and assigned_days.events = built_days.events
                and assigned_days.state = built_days.state
        where built_days.date_key is null
        {{ union_days_of_outdated_versions(members, 'started_at') }}
        {%- if members %}
        {{ union_days_of_outdated_channels(['first_channel_key', 'last_channel_key'], 'started_at') }}
        {%- endif %}
    {%- endset -%}
    {{ return(first_column(sql)) }}
{%- endmacro %}
