{#- A value of a query as a person reads it: plus signs as blanks, escaped printable ASCII as characters. -#}
{#-
    WHATWG URL standard, application/x-www-form-urlencoded parsing: "Replace any 0x2B (+) in name and
    value with 0x20 (SP)", then percent-decode. No SQL of the three engines decodes bytes beyond ASCII
    alike, so such an escape stays as sent. The per cent sign comes last: %2541 is the text %41.
-#}
{% macro form_decoded(value) -%}
    {%- set codes = range(32, 127) | reject('in', range(48, 58)) | reject('in', range(65, 91))
        | reject('in', range(97, 123)) | reject('equalto', 37) | list + [37] -%}
    {%- set decoded = namespace(sql="replace(" ~ value ~ ", '+', ' ')") -%}
    {%- for code in codes -%}
        {%- set upper = '%02X' | format(code) -%}
        {%- for escape in [upper, upper | lower] | unique(case_sensitive=true) -%}
            {%- set decoded.sql = "replace(" ~ decoded.sql ~ ", '%" ~ escape ~ "', chr(" ~ code ~ "))" -%}
        {%- endfor -%}
    {%- endfor -%}
    case
        when strpos({{ value }}, '%') > 0
            then {{ decoded.sql }}
        else replace({{ value }}, '+', ' ')
    end
{%- endmacro %}
