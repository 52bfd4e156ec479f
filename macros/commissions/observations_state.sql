{#- An aggregate over the observations of a commission that is another when they are: which lines they are, and when they were
    pulled. What a line says does not change. A hash of all three: a file that comes again with its lines moved must not give
    the same sum. -#}
{% macro observations_state() -%}
    {%- set line = ['file_id', 'line_number', 'pulled_at'] -%}
    cast(sum(mod({{ dimension_key(line, plain=line) }}, 1000000000000)) as numeric(38, 0))
{%- endmacro %}
