{#- The minor unit of a currency in millionths, a whole number: a cent is 10000. Two digits where nothing is known. -#}
{% macro minor_unit_millionths(minor_units) -%}
    case {{ minor_units }}
        when 0 then 1000000
        when 3 then 1000
        when 4 then 100
        else 10000
    end
{%- endmacro %}
