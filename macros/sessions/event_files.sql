{#- The ids of the files that int_sessions__received has not read yet, or of which it has no row; only of raw tables that hold
    clicks or page views. -#}
{% macro event_files() -%}
    {{ return(new_files(['int_clicks__unioned', 'int_page_views__unioned'], known_files())) }}
{%- endmacro %}
