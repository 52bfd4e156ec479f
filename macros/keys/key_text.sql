{#- Each part is written as a mark and the value: 'v:' before a value, 'n:' for null. Parts are joined by
    '|'; a '|' inside a value is written '~1' and a '~' is written '~0', so that no two different lists of
    parts give the same text. In the values of `plain` parts there can be neither: they need no look. -#}
{% macro key_text(parts, plain=[]) -%}
    {%- set written = [] -%}
    {%- for part in parts -%}
        {%- set text = "cast(" ~ part ~ " as " ~ key_text_type() ~ ")" -%}
        {%- if part not in plain -%}
            {%- set text = "replace(replace(" ~ text ~ ", '~', '~0'), '|', '~1')" -%}
        {%- endif -%}
        {%- do written.append("case when " ~ part ~ " is null then 'n:' else 'v:' || " ~ text ~ " end") -%}
    {%- endfor -%}
    {{ written | join(" || '|' || ") }}
{%- endmacro %}
