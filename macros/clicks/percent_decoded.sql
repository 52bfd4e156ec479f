{#- A value of a query as it was meant: a blank for `+`, and signs instead of their escapes. The percent sign comes
    last, so that %2541 is %41. Letters beyond ASCII stay escaped, because no function decodes them on every
    engine, and so do signs that ids do not hold. -#}
{% macro percent_decoded(text) -%}
    {%- set plain = ["replace(" ~ text ~ ", '+', ' ')"] -%}
    {%- for sign in " !#$&'()*+,-./:;=?@[]_|~" -%}
        {%- for escape in ['%%%02X', '%%%02x'] | map('format', sign.encode()[0]) | unique(true) -%}
            {%- do plain.append(
                "replace(" ~ plain.pop() ~ ", '" ~ escape ~ "', '" ~ (sign | replace("'", "''")) ~ "')"
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    case
        when strpos({{ text }}, '%') > 0 or strpos({{ text }}, '+') > 0
            then replace({{ plain[0] }}, '%25', '%')
        else {{ text }}
    end
{%- endmacro %}
