{#- The raw tables that some models read, directly or through others: what the ledger of the loader calls `table_name`. Found in the
    graph of the project, so that a new source is among them once a model reads it. -#}
{% macro landed_tables(model_names) -%}
    {%- set tables = [] -%}
    {%- if execute -%}
        {%- set waiting = [] -%}
        {%- for model_name in model_names -%}
            {%- do waiting.append('model.' ~ project_name ~ '.' ~ model_name) -%}
        {%- endfor -%}
        {#- Grows while it is gone through. -#}
        {%- for node in waiting -%}
            {%- if node in graph.sources -%}
                {%- do tables.append(graph.sources[node].identifier) -%}
            {%- elif node in graph.nodes -%}
                {%- for upstream in graph.nodes[node].depends_on.nodes if upstream not in waiting -%}
                    {%- do waiting.append(upstream) -%}
                {%- endfor -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(tables | sort) }}
{%- endmacro %}
