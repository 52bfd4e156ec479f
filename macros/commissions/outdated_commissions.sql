{#- The commissions (a query of their commission_key) that fct_commissions has to build again: their entries, their click, their
    contract or somebody whom they name is not what it was built from. All, where that is a channel, a network, a country or a
    currency. -#}
{% macro outdated_commissions() -%}
    {%- set kinds = ['advertiser', 'partner', 'program', 'campaign', 'creative'] -%}
    {%- if has_changed('int_master__channel_versions', ['channel_key', 'channel_current_key', 'valid_from', 'valid_to'])
        or has_changed('dim_network', ['network_key', 'network_code'])
        or has_changed('dim_country', ['country_key', 'country_code'])
        or has_changed('dim_currency', ['currency_key', 'currency_code', 'minor_units']) -%}
        select distinct commission_key from {{ ref('int_commissions__converted') }}
    {%- else -%}
        with

        changed_versions as (
            {{ changed_rows('int_members__versions', [
                'kind', 'network_code', 'source_id', 'member_key', 'current_key', 'channel_current_key',
                'valid_from', 'valid_to',
            ]) }}
        )

        select commission_key
        from ({{ changed_rows('int_commissions__converted', ['commission_key', 'converted_state']) }}) as changed_entries
        union
        select commission_key
        from ({{ changed_rows('int_commissions__matched_to_clicks', [
            'commission_key', 'click_id', 'match_method', 'match_confidence', 'clicked_at',
        ]) }}) as changed_matches
        union
        select commission_key
        from ({{ changed_rows('int_commissions__contracted_rates', [
            'commission_key', 'lowest_contracted_rate', 'highest_contracted_rate',
        ]) }}) as changed_contracts
        union
        select commission_key
        from {{ ref('int_commissions__matched_to_clicks') }}
        where {{ in_list(reporting_date_key('clicked_at'), changed_days('fct_clicks')) }}
        {%- for kind in kinds %}
        union
        select attributes.commission_key
        from (select * from {{ ref('int_commissions__attributes') }}) as attributes
        inner join changed_versions
            on
                changed_versions.kind = '{{ kind }}'
                and attributes.network_code = changed_versions.network_code
                and attributes.{{ kind }}_source_id = changed_versions.source_id
                and attributes.occurred_at >= changed_versions.valid_from
                and attributes.occurred_at < changed_versions.valid_to
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}
