{#- The versions of members that the current model was built from and that are no longer so: they have
    ended earlier or later since, got another key, or are gone. -#}
{% macro outdated_versions() -%}
    {%- set columns = 'kind, network_code, source_id, valid_from, valid_to, member_key' -%}
    select {{ columns }}
    from {{ remembered('int_members__versions') }}
    except
    select {{ columns }}
    from {{ ref('int_members__versions') }}
{%- endmacro %}
