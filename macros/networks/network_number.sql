{#- The first 24 bits of an IPv4 network (203.0.113.0/24), or the first 48 of an IPv6 one
    (2001:db8:1::/48), as a bigint; null for null. The text must be as the loader and the lists write it:
    IPv6 in lower-case groups without leading zeros; the groups after :: are zeros. -#}
{% macro network_number(network) -%}
    case
        when {{ network }} like '%:%' then
            {%- for group in range(1, 4) %}
            {{ hex_to_bigint(
                "split_part(split_part(" ~ network ~ ", '::', 1), ':', " ~ group ~ ")"
            ) }} * {{ 65536 ** (3 - group) }}{{ ' +' if not loop.last }}
            {%- endfor %}
        when {{ network }} like '%.%' then
            {%- for part in range(1, 4) %}
            cast(split_part({{ network }}, '.', {{ part }}) as bigint)
            * {{ 256 ** (3 - part) }}{{ ' +' if not loop.last }}
            {%- endfor %}
    end
{%- endmacro %}
