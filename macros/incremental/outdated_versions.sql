{#- The parts of versions of members that the current model was built from and that are no longer so: they have
    ended earlier since, got another key or another channel, or are gone. Of a version that has only ended
    earlier, the rest is outdated and not its beginning. -#}
{% macro outdated_versions() -%}
    select
        was.kind,
        was.member_key,
        coalesce(still.valid_to, was.valid_from) as valid_from,
        was.valid_to
    from (select * from {{ remembered('int_members__versions') }}) as was
    left join (select * from {{ ref('int_members__versions') }}) as still
        on
            was.kind = still.kind
            and was.network_code = still.network_code
            and was.source_id = still.source_id
            and was.member_key = still.member_key
            and was.valid_from = still.valid_from
            and coalesce(was.channel_current_key, 0) = coalesce(still.channel_current_key, 0)
    where still.kind is null or was.valid_to > still.valid_to
{%- endmacro %}
