{#- A value of a query as it was meant: a blank for `+`, and the signs that separate the parts of ids instead of their
    escapes, in capitals or not. The percent sign comes last, so that %2541 is %41. All else stays escaped: no
    function decodes everything on every engine. -#}
{% macro percent_decoded(text) -%}
    {%- set plain = ["replace(" ~ text ~ ", '+', ' ')"] -%}
    {%- for sign in " #&+,/:;=?@|" -%}
        {%- set high, low = '%X' % (sign.encode()[0] // 16), '%X' % (sign.encode()[0] % 16) -%}
        {%- set low = low if low.isdigit() else '[' ~ low ~ low.lower() ~ ']' -%}
        {%- do plain.append(replace_matches(plain.pop(), '%' ~ high ~ low, sign)) -%}
    {%- endfor -%}
    case
        when strpos({{ text }}, '%') > 0 or strpos({{ text }}, '+') > 0
            then replace({{ plain[0] }}, '%25', '%')
        else {{ text }}
    end
{%- endmacro %}
