{#- A number for a link, of the 40 last bits of each of its identifiers and of its rule. -#}
{% macro link_state() -%}
    {{ keys_fingerprint([
        'identifier_id',
        '(identifier_id >> 20)',
        'other_id',
        '(other_id >> 20)',
        "case rule when 'login' then 1 else 2 end",
    ]) }}
{%- endmacro %}
