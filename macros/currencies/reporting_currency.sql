{#- The currency in which amounts of all advertisers add up. -#}
{% macro reporting_currency() -%}
    {%- set code = var('reporting_currency') -%}
    {%- if not modules.re.fullmatch('[A-Z]{3}', code | string) -%}
        {{ exceptions.raise_compiler_error(
            "The variable reporting_currency is " ~ code
            ~ "; write a code of ISO 4217 such as USD."
        ) }}
    {%- endif -%}
    cast('{{ code }}' as varchar(3))
{%- endmacro %}
