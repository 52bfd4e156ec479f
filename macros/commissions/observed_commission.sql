{#- The columns of one observation of a commission, in the order and the types that all feeds share. `values`
    names what a feed has, each as an SQL expression; what it does not name is null. -#}
{% macro observed_commission(feed, network_code, values) -%}
    {%- set columns = observed_commission_columns() -%}
    {%- for name in values if name not in columns -%}
        {{ exceptions.raise_compiler_error("observed_commission: " ~ name ~ " is no column of an observation") }}
    {%- endfor -%}
    {%- for name in ['commission_code', 'network_status', 'occurred_at', 'file_id', 'line_number'] if name not in values -%}
        {{ exceptions.raise_compiler_error("observed_commission: " ~ feed ~ " must say its " ~ name) }}
    {%- endfor -%}
    cast('{{ feed }}' as varchar(63)) as feed,
    cast('{{ network_code }}' as varchar(30)) as network_code
    {%- for name, data_type in columns.items() %},
    {#- A status that is not said is a word, too: the test of the words names it. #}
    {%- set value = "coalesce(" ~ values[name] ~ ", 'none')" if name == 'network_status' else values.get(name, 'null') %}
    cast({{ value }} as {{ data_type }}) as {{ name }}
    {%- endfor %}
{%- endmacro %}
