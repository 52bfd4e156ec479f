{#- The policies and the role that each is for. Policies belong to the database, so the prefix of the schemas
    is in their names. -#}
{% macro row_access_policies() -%}
    {%- set prefix = env_var('CLICKSTAR_SCHEMA_PREFIX', '') ~ 'clickstar_' -%}
    {{ return([
        {
            'name': prefix ~ 'client_rows',
            'role': var('row_access_clients_role'),
            'rule': 'advertiser_key in (select client.advertiser_key from ' ~ row_access_lookup()
            ~ ' as client where client.user_name = current_user)',
        },
        {
            'name': prefix ~ 'all_rows',
            'role': var('row_access_staff_role'),
            'rule': 'advertiser_key is not null',
        },
    ]) }}
{%- endmacro %}
