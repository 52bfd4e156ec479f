{#- The commissions (a query of their commission_key) whose entries int_commissions__converted has to convert again: they have other
    entries, or other rates, or are reported in another currency now. -#}
{% macro outdated_conversions() -%}
    with

    changed_entries as (
        {{ changed_rows('int_commissions__entries', ['commission_key', 'entry_state']) }}
    ),

    changed_versions as (
        {{ changed_rows(
            'int_members__versions',
            ['network_code', 'source_id', 'member_key', 'valid_from', 'valid_to'],
            "kind = 'advertiser'",
        ) }}
    ),

    changed_currencies as (
        {{ changed_rows(
            'int_master__advertiser_versions', ['advertiser_key', 'reporting_currency_code']
        ) }}
    ),

    changed_rates as (
        {{ changed_rows(
            'int_currencies__daily_rates', ['date_day', 'from_currency', 'to_currency', 'rate']
        ) }}
    ),

    -- What an id stood for then, and what it stands for today.
    outdated_versions as (
        select network_code, source_id, valid_from, valid_to from changed_versions
        union all
        select versions.network_code, versions.source_id, versions.valid_from, versions.valid_to
        from ({{ member_versions('advertiser') }}) as versions
        inner join changed_currencies on versions.member_key = changed_currencies.advertiser_key
    )

    select commission_key from changed_entries
    union
    select known.commission_key
    from (select * from {{ this }}) as known
    where known.reporting_currency_code != {{ reporting_currency() }}
    union
    select attributes.commission_key
    from (select * from {{ ref('int_commissions__attributes') }}) as attributes
    inner join outdated_versions
        on
            attributes.network_code = outdated_versions.network_code
            and attributes.advertiser_source_id = outdated_versions.source_id
            and attributes.occurred_at >= outdated_versions.valid_from
            and attributes.occurred_at < outdated_versions.valid_to
    {%- for moment in ['occurred_at', 'recorded_at'] %}
    union
    select known.commission_key
    from (select * from {{ this }}) as known
    inner join changed_rates
        on
            known.currency_code = changed_rates.from_currency
            and cast({{ reporting_timestamp('known.' ~ moment) }} as date) = changed_rates.date_day
    {%- endfor %}
{%- endmacro %}
