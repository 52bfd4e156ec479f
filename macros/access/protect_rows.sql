{#- Post-hook of a mart: policies on a table that has the column advertiser_key. A table that dbt swaps in has
    none, so they are attached in the transaction of the swap, before anybody sees it; one that is only
    added to keeps them, and nothing happens. Without a policy of its own a user sees no row. -#}
{% macro protect_rows() -%}
    {%- if
        execute and model.config.materialized != 'view' and 'advertiser_key' in model.columns
        and row_access_is_on()
    -%}
        {%- set relation = this.include(database=false) -%}
        {%- set attached = run_query(
            "select polname from svv_rls_attached_policy where relschema = '" ~ this.schema
            ~ "' and relname = '" ~ this.identifier ~ "'"
        ).columns[0].values() | map('trim') | list -%}
        {%- set statements = [] -%}
        {%- for policy in row_access_policies() if policy['name'] not in attached -%}
            {%- do statements.append(
                'attach rls policy ' ~ policy['name'] ~ ' on ' ~ relation ~ ' to role ' ~ policy['role']
            ) -%}
        {%- endfor -%}
        {%- if statements -%}
            {%- do statements.append('alter table ' ~ relation ~ ' row level security on') -%}
        {%- endif -%}
        {{ statements | join(';\n') }}
    {%- endif -%}
{%- endmacro %}
