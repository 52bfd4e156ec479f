{#- The sources (folders of models/staging) whose contract says which column is the user agent, as SQL texts. -#}
{% macro sources_with_user_agents() -%}
    {%- set names = [] -%}
    {%- if execute -%}
        {%- for node in graph.sources.values() -%}
            {%- if node.config.meta.get('landing', {}).get('user_agent') -%}
                {%- do names.append("'" ~ node.source_name ~ "'") -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return((names | unique | sort | join(', ')) or "''") }}
{%- endmacro %}
