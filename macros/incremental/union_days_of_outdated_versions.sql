{#- Adds to a union the days on which the current fact carries the key of an outdated version. By the key and
    the moment: an unchanged version of the same member keeps its days. -#}
{% macro union_days_of_outdated_versions(members, moment) -%}
    {% for member in members %}
        union
        select built.date_key
        from {{ this }} as built
        inner join outdated_versions
            on
                built.{{ member }}_key = outdated_versions.member_key
                and built.{{ moment }} >= outdated_versions.valid_from
                and built.{{ moment }} < outdated_versions.valid_to
        where outdated_versions.kind = '{{ member }}'
    {% endfor %}
{%- endmacro %}
