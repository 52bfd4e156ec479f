{#- Pre-hook of the snapshots: with `--empty` every row would look gone and be closed, and nothing builds a snapshot
    anew. A snapshot that has no rows yet loses none. -#}
{% macro refuse_to_empty() -%}
    {%- if execute and flags.EMPTY and load_relation(this) is not none -%}
        {%- if run_query('select 1 from ' ~ this ~ ' limit 1').rows | length > 0 -%}
            {{ exceptions.raise_compiler_error(
                this ~ ' would lose what it knows: --empty makes every row look deleted.'
                ~ ' Leave the snapshots out with --exclude-resource-type snapshot.'
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
