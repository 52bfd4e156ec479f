{#- The reporting days of int_clicks__keyed that have to be built again: their clicks are not those that were
    received, or an advertiser's uniqueness rule has changed since. The wide clicks are only read for the latter. -#}
{% macro outdated_keyed_days() -%}
    {#- Where only the end of an interval has moved, the time between the old end and the new one is meant. -#}
    {%- set changed_rules -%}
        select
            coalesce(was.network_code, is_now.network_code) as network_code,
            coalesce(was.source_id, is_now.source_id) as source_id,
            case
                when was.unique_key is not null and is_now.unique_key is not null
                    then least(was.valid_to, is_now.valid_to)
                else coalesce(was.valid_from, is_now.valid_from)
            end as valid_from,
            case
                when was.unique_key is not null and is_now.unique_key is not null
                    then greatest(was.valid_to, is_now.valid_to)
                else coalesce(was.valid_to, is_now.valid_to)
            end as valid_to
        from {{ remembered('int_members__uniqueness_rules') }} as was
        full outer join (select * from {{ ref('int_members__uniqueness_rules') }}) as is_now
            on
                was.network_code = is_now.network_code
                and was.source_id = is_now.source_id
                and was.unique_key = is_now.unique_key
                and was.valid_from = is_now.valid_from
        where
            was.unique_key is null
            or is_now.unique_key is null
            or was.valid_to != is_now.valid_to
    {%- endset -%}
    {%- set outdated = changed_received_days() -%}
    {%- if first_column('select count(*) from (' ~ changed_rules ~ ') as changed_rules') != [0] -%}
        {%- set changed_days -%}
            select distinct clicks.date_key
            from (select * from {{ ref('int_clicks__deduplicated') }}) as clicks
            inner join ({{ changed_rules }}) as changed_rules
                on
                    changed_rules.network_code in ('*', coalesce(clicks.network_code, 'none'))
                    and changed_rules.source_id in ('*', clicks.advertiser_source_id)
                    and clicks.clicked_at >= changed_rules.valid_from
                    and clicks.clicked_at < changed_rules.valid_to
        {%- endset -%}
        {%- set outdated = (outdated + first_column(changed_days)) | unique | list -%}
    {%- endif -%}
    {{ return(outdated) }}
{%- endmacro %}
