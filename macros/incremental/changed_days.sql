{#- The reporting days (yyyymmdd) on which a model has other rows than those that the current incremental model was built from; also
    those on which it has none any more. -#}
{% macro changed_days(model_name) -%}
    {%- set was = '(select * from ' ~ remembered(model_name, of_days=true) ~ ')' -%}
    {%- set is_now = '(select * from ' ~ day_states(model_name) ~ ')' -%}
    {{ return(first_column(
        'select date_key from (' ~ was ~ ' except ' ~ is_now ~ ') as no_longer_so'
        ~ ' union select date_key from (' ~ is_now ~ ' except ' ~ was ~ ') as newly_so'
    )) }}
{%- endmacro %}
