{#- The reporting days of a fact of sessions that have to be built again: the events of its sessions that began then are not
    those that it was built from, or it carries the key of a version that has changed since. -#}
{% macro outdated_session_days(members=[]) -%}
    {%- set days = changed_days('int_sessions__events') -%}
    {%- if members -%}
        {%- set sql -%}
            with

            outdated_versions as (
                {{ outdated_versions() }}
            ),

            outdated_channel_versions as (
                {{ outdated_channel_versions() }}
            )

            select cast(null as integer) as date_key
            from outdated_versions
            where 1 = 0
            {{ union_days_of_outdated_versions(members, 'started_at') }}
            {{ union_days_of_outdated_channels(['first_channel_key', 'last_channel_key'], 'started_at') }}
        {%- endset -%}
        {%- set days = days + first_column(sql) -%}
    {%- endif -%}
    {{ return(days | unique | list) }}
{%- endmacro %}
