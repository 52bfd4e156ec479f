{#- One number for a block: its leading bits, how many they are, and the version of the protocol. One and
    not three, so that PostgreSQL has no other way to compare them than to look the number up. -#}
{% macro block_key(ip_version, prefix_length, leading) -%}
    ({{ leading }} * 64 + {{ prefix_length }}) * 2
    + case when {{ ip_version }} = 6 then 1 else 0 end
{%- endmacro %}
