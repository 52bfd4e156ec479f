{#- A number for a combination of integer keys: the square of a weighted sum of their last 20 bits. It is not
    linear, so sums of it over two sets of rows differ when keys are exchanged between rows. Below 2^62. -#}
{% macro keys_fingerprint(columns) -%}
    {%- set weights = [3, 7, 13, 29, 53, 97, 193, 389, 769] -%}
    {%- set terms = [] -%}
    {%- for column in columns -%}
        {%- do terms.append(weights[loop.index0] ~ " * (" ~ column ~ " & 1048575)") -%}
    {%- endfor -%}
    ({{ terms | join(' + ') }}) * ({{ terms | join(' + ') }})
{%- endmacro %}
