{#- Whether a feed or a status means something else to the ledger than it did when the current model was built. -#}
{% macro ledger_words_have_changed() -%}
    {{ return(
        has_changed('commission_feeds', ['feed', 'network_code', 'mode', 'declares_full_windows'])
        or has_changed('commission_statuses', ['network_code', 'network_status', 'status'])
    ) }}
{%- endmacro %}
