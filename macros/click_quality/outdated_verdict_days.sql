{#- The reporting days on which int_clicks__verdicts is not what follows from the clicks, their keys and the rules that hit them; also
    days of which no click is left. All of them when a rule is another or gone: a new one comes with the keys and the hits that name
    it. -#}
{% macro outdated_verdict_days() -%}
    {%- set rules = {
        'int_uniqueness_rules__in_force': [
            'unique_key', 'duplicate_key', 'version', 'window_kind', 'window_seconds',
        ],
        'int_click_quality_rules__in_force': ['quality_key', 'rule_id', 'version', 'priority'],
    } -%}
    {%- set lost = [] -%}
    {%- for model_name, columns in rules.items() -%}
        {%- set lost_rules -%}
            select count(*) from (
                select {{ columns | join(', ') }} from {{ remembered(model_name) }}
                except
                select {{ columns | join(', ') }} from {{ ref(model_name) }}
            ) as lost_rules
        {%- endset -%}
        {%- do lost.extend(first_column(lost_rules)) -%}
    {%- endfor -%}
    {%- if lost | sum -%}
        {{ return(first_column('select date_key from ' ~ day_states('int_clicks__keyed'))) }}
    {%- endif -%}
    {{ return((changed_days('int_clicks__keyed') + changed_days('int_clicks__judged')) | unique | list) }}
{%- endmacro %}
