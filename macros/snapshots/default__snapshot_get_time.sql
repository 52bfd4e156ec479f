{#- The moment that dbt stamps the rows of a snapshot with: the start of the run, in UTC, so that all snapshots of
    a run agree, whatever the time zone of the session; or the moment of the variable `known_at`. -#}
{% macro default__snapshot_get_time() -%}
    cast('{{ var("known_at") or run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp)
{%- endmacro %}
