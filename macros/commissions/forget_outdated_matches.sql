{#- Pre-hook of int_commissions__matched_to_clicks: a commission that is looked at again may have no click any more. -#}
{% macro forget_outdated_matches() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where commission_key in ({{ outdated_matches() }})
    {%- endif -%}
{%- endmacro %}
