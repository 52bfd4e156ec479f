{#- The parts of versions of channels that the current model was built from and that are no longer so. -#}
{% macro outdated_channel_versions() -%}
    select
        was.channel_key,
        coalesce(still.valid_to, was.valid_from) as valid_from,
        was.valid_to
    from (select * from {{ remembered('int_master__channel_versions') }}) as was
    left join (select * from {{ ref('int_master__channel_versions') }}) as still
        on was.channel_key = still.channel_key
    where still.channel_key is null or was.valid_to > still.valid_to
{%- endmacro %}
