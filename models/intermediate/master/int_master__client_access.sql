{{ config(materialized='table', contract={'enforced': true}, dist='all') }}

{#- What a record of each kind says, besides whether it is active. -#}
{%- set kinds = {
    'client': [],
    'client_user': ['client_code', 'user_name'],
    'client_advertiser': ['client_code', 'advertiser_code'],
} %}

with

{% for kind, fields in kinds.items() %}
    {{ kind }}_history as (
        select
            history_id,
            recorded_at,
            change_type,
            effective_from,
            code,
            {% for field in fields -%}
                {{ field }},
            {% endfor -%}
            is_active,
            file_id,
            line_number
        from {{ ref('stg_master_data__' ~ kind ~ '_history') }}
    ),

    {{ kind }}_versions as (
        {{
            scd2(
                kind ~ '_history',
                record_key=['code'],
                fields=fields + ['is_active'],
                open_to_past=false,
            ) | indent(8)
        }}
    ),

    -- As of now and not as of the last change: what begins tomorrow gives no right today.
    {{ kind }}s as (
        select *
        from {{ kind }}_versions
        where
            is_active
            and not is_deleted
            and valid_from <= {{ now_utc() }}
            and valid_to > {{ now_utc() }}
    ),

{% endfor %}
final as (
    select distinct
        cast(client_users.user_name as varchar(127)) as user_name,
        cast(client_advertisers.advertiser_code as varchar(64)) as advertiser_code
    from client_users
    inner join clients on client_users.client_code = clients.code
    inner join client_advertisers on clients.code = client_advertisers.client_code
    where client_users.user_name is not null and client_advertisers.advertiser_code is not null
)

select * from final
