{#- What reports show for a network's id that master data does not map yet: "Awin partner 12345". -#}
{% macro own_member_name(network_name, kind, source_id) -%}
    cast({{ network_name }} || ' {{ kind }} ' || {{ source_id }} as varchar(255))
{%- endmacro %}
