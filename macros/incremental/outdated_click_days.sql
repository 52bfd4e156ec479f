{#- The reporting days (yyyymmdd) of fct_clicks that have to be built again: its clicks or their
    verdicts are not those of int_clicks__verdicts, or they carry the key of a version or have a channel that has changed since. -#}
{% macro outdated_click_days() -%}
    {%- set members = ['advertiser', 'partner', 'program', 'campaign', 'creative'] -%}
    {%- set sql -%}
        with

        outdated_versions as (
            {{ outdated_versions() }}
        ),

        outdated_channel_versions as (
            {{ outdated_channel_versions() }}
        ),

        -- A rule gives a traffic source another channel, or yields to partners now, or no longer. One that is
        -- gone has no clicks.
        outdated_channels as (
            select distinct
                was.channel_current_key,
                was.yields_to_partner
            from (select * from {{ remembered('int_channels__assigned') }}) as was
            inner join (select * from {{ ref('int_channels__assigned') }}) as is_now
                on
                    was.source = is_now.source
                    and was.medium = is_now.medium
                    and was.campaign = is_now.campaign
            where
                was.channel_current_key != is_now.channel_current_key
                or was.yields_to_partner != is_now.yields_to_partner
        ),

        -- The partners whose channel a click of such a source may have.
        partners_with_channels as (
            select member_key
            from {{ remembered('int_members__versions') }}
            where
                channel_current_key is not null
                and exists (select 1 from outdated_channels where yields_to_partner)
        )

        select date_key from {{ this }} where 1 = 0
        {{ union_days_of_outdated_versions(members, 'clicked_at') }}
        {{ union_days_of_outdated_channels(['channel_key'], 'clicked_at') }}
        union
        select built.date_key
        from {{ this }} as built
        inner join outdated_channels
            on built.channel_current_key = outdated_channels.channel_current_key
        union
        select built.date_key
        from {{ this }} as built
        inner join partners_with_channels on built.partner_key = partners_with_channels.member_key
    {%- endset -%}
    {{ return((changed_days('int_clicks__verdicts') + first_column(sql)) | unique | list) }}
{%- endmacro %}
