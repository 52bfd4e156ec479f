{#- The reporting days of int_clicks__keyed that have to be built again: their clicks are not those that were
    received, or an advertiser's uniqueness rule has changed since. The wide clicks are only read for the latter. -#}
{% macro outdated_keyed_days() -%}
    {%- set columns = ['network_code', 'source_id', 'unique_key', 'valid_from', 'valid_to'] -%}
    {%- set was = remembered('int_members__uniqueness_rules') -%}
    {%- set is_now = ref('int_members__uniqueness_rules') -%}
    {%- set days -%}
        with

        received_days as (
            select
                date_key,
                {{ day_fingerprint() }}
            from {{ ref('int_clicks__received') }}
            where copy_number = 1
            group by date_key
        ),

        built_days as (
            select
                date_key,
                {{ day_fingerprint() }}
            from {{ this }}
            group by date_key
        )

        select received_days.date_key
        from received_days
        left join built_days
            on
                received_days.date_key = built_days.date_key
                and received_days.records = built_days.records
                and received_days.click_ids = built_days.click_ids
                and received_days.lines = built_days.lines
        where built_days.date_key is null
    {%- endset -%}
    {%- set changed_rules -%}
        select {{ columns | join(', ') }} from {{ was }}
        except
        select {{ columns | join(', ') }} from {{ is_now }}
        union all
        (
            select {{ columns | join(', ') }} from {{ is_now }}
            except
            select {{ columns | join(', ') }} from {{ was }}
        )
    {%- endset -%}
    {%- set outdated = first_column(days) -%}
    {%- if first_column('select count(*) from (' ~ changed_rules ~ ') as changed_rules') != [0] -%}
        {%- set changed_days -%}
            select distinct clicks.date_key
            from {{ ref('int_clicks__deduplicated') }} as clicks
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
