{#- The versions of the members of one kind, as the CTE <kind>_versions of a fact that carries their keys. One for each
    kind, not one for all: PostgreSQL would store a shared one and join it without statistics. -#}
{% macro member_versions(kind) -%}
    select
        network_code,
        source_id,
        member_key,
        current_key,
        {{ 'channel_current_key,' if kind == 'partner' }}
        is_mapped,
        valid_from,
        valid_to
    from {{ ref('int_members__versions') }}
    where kind = '{{ kind }}'
{%- endmacro %}
