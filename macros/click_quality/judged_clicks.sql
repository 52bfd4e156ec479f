{#- The relation of the verdicts that exist so far, next to the current model; none before the first build. It
    is downstream of the rules, so `ref` would be a circle. -#}
{% macro judged_clicks() -%}
    {%- if execute -%}
        {{ return(adapter.get_relation(this.database, this.schema, 'int_clicks__verdicts')) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}
