{#- Adds to a union the days on which the current fact carries the key of an outdated version of a channel. -#}
{% macro union_days_of_outdated_channels(columns, moment) -%}
    {% for column in columns %}
        union
        select built.date_key
        from {{ this }} as built
        inner join outdated_channel_versions
            on
                built.{{ column }} = outdated_channel_versions.channel_key
                and built.{{ moment }} >= outdated_channel_versions.valid_from
                and built.{{ moment }} < outdated_channel_versions.valid_to
    {% endfor %}
{%- endmacro %}
