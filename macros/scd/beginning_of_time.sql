{#- Where the first version of a record starts. -#}
{% macro beginning_of_time() -%} cast('1900-01-01 00:00:00' as timestamp) {%- endmacro %}
