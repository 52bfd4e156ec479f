{#- Each part is written as a mark and the value: 'v:' before a value, 'n:' for null. Parts are joined by
    '|'; a '|' inside a value is written '~1' and a '~' is written '~0', so that no two different lists of
    parts give the same text. -#}
{% macro key_text(parts) -%}
    {%- set written = [] -%}
    {%- for part in parts -%}
        {%- do written.append(
            "case when " ~ part ~ " is null then 'n:' else 'v:' || replace(replace(cast("
            ~ part ~ " as " ~ key_text_type() ~ "), '~', '~0'), '|', '~1') end"
        ) -%}
    {%- endfor -%}
    {{ written | join(" || '|' || ") }}
{%- endmacro %}
