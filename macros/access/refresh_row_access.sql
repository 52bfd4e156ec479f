{#- After a run: which advertiser keys each client's user may see, from the mapping of users to codes of
    advertisers: that of the master data, or the relation that row_access_mapping names. Until then the rows of a
    new version of an advertiser are hidden, not open. -#}
{% macro refresh_row_access() -%}
    {#- Outside of any condition, where dbt sees it. -#}
    {%- set advertisers = ref('dim_advertiser') -%}
    {%- set client_access = ref('int_master__client_access') -%}
    {%- if execute and row_access_is_on() -%}
        {%- set of_master_data = var('row_access_mapping') == 'master_data' -%}
        {%- set mapping = client_access if of_master_data else var('row_access_mapping') -%}
        {#- A run of a few models may come before either is there. -#}
        {%- if
            load_relation(advertisers) is not none
            and (not of_master_data or load_relation(client_access) is not none)
        -%}
            {%- set lookup = row_access_lookup() -%}
            {%- set entitled -%}
                select
                    cast(lower(mapping.user_name) as varchar(127)) as user_name,
                    advertisers.advertiser_key
                from {{ mapping }} as mapping
                inner join {{ advertisers }} as advertisers
                    on mapping.advertiser_code = advertisers.advertiser_code
            {%- endset -%}
            {%- do run_query('insert into ' ~ lookup ~ ' ' ~ entitled ~ ' except select * from ' ~ lookup) -%}
            {%- do run_query(
                'delete from ' ~ lookup ~ ' where not exists (select 1 from (' ~ entitled ~ ') as entitled'
                ~ ' where entitled.user_name = client_advertisers.user_name'
                ~ ' and entitled.advertiser_key = client_advertisers.advertiser_key)'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
