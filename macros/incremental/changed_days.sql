{#- The reporting days (yyyymmdd) on which a model has other rows than those that the current incremental model was built from; also
    those on which it has none any more. -#}
{% macro changed_days(model_name) -%}
    {%- set states = changed_rows(model_name, ['*'], of_days=true) -%}
    {{ return(first_column('select distinct date_key from (' ~ states ~ ') as changed_states')) }}
{%- endmacro %}
