{#- The reporting days on which a build of int_clicks__verdicts may change a row: those from the beginning of the first chain that it
    touches. -#}
{% macro reached_verdict_days() -%}
    {%- set first_day = reached_days(outdated_verdict_days())[2] -%}
    {{ return(first_column('select date_key from ' ~ day_states() ~ ' where date_key >= ' ~ first_day)) }}
{%- endmacro %}
