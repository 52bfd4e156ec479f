{#- The reporting days (yyyymmdd) whose events are not those that int_sessions__events was built from, or have
    another channel now. Days that have lost all their events are among them. -#}
{% macro outdated_event_days() -%}
    {%- set sql -%}
        with

        channels as (
            select
                {{ dimension_key(['source', 'medium', 'campaign']) }} as traffic_source_key,
                channel_current_key,
                channel_code,
                yields_to_partner
            from {{ ref('int_channels__assigned') }}
        ),

        partner_versions as (
            {{ member_versions('partner') }}
        ),

        received as (
            select
                received.event_key,
                received.file_id,
                received.line_number,
                received.first_delivered_at,
                received.date_key,
                {{ naming_channel('channels', 'partner_versions') }} as channel_current_key
            from (select * from {{ ref('int_sessions__received') }}) as received
            left join channels on received.traffic_source_key = channels.traffic_source_key
            left join partner_versions
                on {{ is_version_at('received', 'partner', 'received.event_at') }}
            where received.copy_number = 1
        ),

        received_days as (
            select
                date_key,
                count(*) as events,
                sum({{ event_state() }}) as state
            from received
            group by date_key
        ),

        built_days as (
            select
                date_key,
                count(*) as events,
                sum(event_state) as state
            from {{ this }}
            group by date_key
        )

        select coalesce(received_days.date_key, built_days.date_key) as date_key
        from received_days
        full outer join built_days on received_days.date_key = built_days.date_key
        where
            received_days.date_key is null
            or built_days.date_key is null
            or received_days.events != built_days.events
            or received_days.state != built_days.state
    {%- endset -%}
    {{ return(first_column(sql)) }}
{%- endmacro %}
