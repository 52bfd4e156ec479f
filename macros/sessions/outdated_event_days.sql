{#- The reporting days (yyyymmdd) whose events are not those that int_sessions__events was built from, or have
    another channel now. Days that have lost all their events are among them. -#}
{% macro outdated_event_days() -%}
    {%- set sources = changed_rows('int_channels__assigned', [
        'source', 'medium', 'campaign', 'channel_current_key', 'channel_code', 'yields_to_partner',
    ]) -%}
    {#- The channel of a partner without one is that of its traffic source. -#}
    {%- set partners = changed_rows(
        'int_members__versions',
        ['network_code', 'source_id', 'channel_current_key', 'valid_from', 'valid_to'],
        "kind = 'partner' and channel_current_key is not null",
    ) -%}
    {%- set sql -%}
        with

        changed_sources as (
            select {{ dimension_key(['source', 'medium', 'campaign']) }} as traffic_source_key
            from ({{ sources }}) as changed
        ),

        changed_partners as (
            {{ partners }}
        )

        select received.date_key
        from (select * from {{ ref('int_sessions__received') }}) as received
        inner join changed_sources
            on received.traffic_source_key = changed_sources.traffic_source_key
        where received.copy_number = 1
        union
        select received.date_key
        from (select * from {{ ref('int_sessions__received') }}) as received
        inner join changed_partners
            on
                received.network_code = changed_partners.network_code
                and received.partner_source_id = changed_partners.source_id
                and received.event_at >= changed_partners.valid_from
                and received.event_at < changed_partners.valid_to
        where received.copy_number = 1
    {%- endset -%}
    {{ return((changed_days('int_sessions__received') + first_column(sql)) | unique | list) }}
{%- endmacro %}
