{#- The durable key of a master record: of its kind and code alone, so that no edit changes it. Two parts keep
    it apart from the keys of versions (four) and of the networks' own members (three). -#}
{% macro current_key(kind, code) -%}
    {{ dimension_key(["'" ~ kind ~ "'", code]) }}
{%- endmacro %}
