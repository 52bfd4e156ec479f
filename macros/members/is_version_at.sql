{#- Whether a row of the CTE <kind>_versions is the version that a network's id of `relation` stands for at a moment:
    "every fact row finds exactly one version of each dimension". -#}
{% macro is_version_at(relation, kind, moment) -%}
    {{ relation }}.network_code = {{ kind }}_versions.network_code
    and {{ relation }}.{{ kind }}_source_id = {{ kind }}_versions.source_id
    and {{ moment }} >= {{ kind }}_versions.valid_from
    and {{ moment }} < {{ kind }}_versions.valid_to
{%- endmacro %}
