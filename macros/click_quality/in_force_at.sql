{#- Whether a rule's version was in force at a moment, looked at once the rule has been found by equal columns: of
    a join by limits alone DuckDB expects next to no rows and would begin with it, with every click and every
    rule. -#}
{% macro in_force_at(moment, once) -%}
    {{ moment }} >= case when {{ once }} then rules.valid_from end
    and {{ moment }} < case when {{ once }} then rules.valid_to end
{%- endmacro %}
