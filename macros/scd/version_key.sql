{#- The key of one version of a master record. Its fourth part keeps it apart from the three-part key of a
    network's own member. -#}
{% macro version_key(kind, code, valid_from) -%}
    {{ dimension_key(["'" ~ kind ~ "'", code, timestamp_text(valid_from), "'version'"]) }}
{%- endmacro %}
