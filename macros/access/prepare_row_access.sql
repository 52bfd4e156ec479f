{#- Before a run: the lookup table and the policies, where they are not there yet. Two roles must exist, and
    dbt's user needs sys:secadmin, which brings IGNORE RLS [t_rls_ownership]. -#}
{% macro prepare_row_access() -%}
    {%- if execute and row_access_is_on() -%}
        {%- set lookup = row_access_lookup() -%}
        {%- do run_query('create schema if not exists ' ~ lookup.split('.')[0]) -%}
        {%- do run_query(
            'create table if not exists ' ~ lookup
            ~ ' (user_name varchar(127) not null, advertiser_key bigint not null) diststyle all'
        ) -%}
        {%- set known = run_query('select polname from svv_rls_policy').columns[0].values() | map('trim') | list -%}
        {%- for policy in row_access_policies() if policy['name'] not in known -%}
            {%- do run_query(
                'create rls policy ' ~ policy['name'] ~ ' with (advertiser_key bigint) using ('
                ~ policy['rule'] ~ ')'
            ) -%}
            {%- if lookup in policy['rule'] and var('row_access_grants_lookup') -%}
                {%- do run_query('grant select on ' ~ lookup ~ ' to rls policy ' ~ policy['name']) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
