{#- The current moment as a timestamp without zone, in UTC. -#}
{% macro now_utc() -%}
    {{ return(adapter.dispatch('now_utc')()) }}
{%- endmacro %}

{% macro default__now_utc() -%} (current_timestamp at time zone 'UTC') {%- endmacro %}

{% macro redshift__now_utc() -%} getdate() {%- endmacro %}
