{% test ids_have_versions(model, versions) %}
    select
        ids.kind,
        ids.network_code,
        ids.source_id
    from {{ model }} as ids
    left join {{ versions }} as versions
        on
            ids.kind = versions.kind
            and ids.network_code = versions.network_code
            and ids.source_id = versions.source_id
    where versions.source_id is null
{% endtest %}
