{#- Pre-hook of a fact of sessions: a day on which none of them began any more goes, before a session that left
    it comes to another. -#}
{% macro forget_gone_session_days(is_set_aside) -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where
        date_key not in (
            select session_date_key
            from {{ ref('int_sessions__events') }}
            where quarantine_reason is {{ 'not' if is_set_aside }} null
        )
    {%- endif -%}
{%- endmacro %}
