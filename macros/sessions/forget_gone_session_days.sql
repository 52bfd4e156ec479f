{#- Post-hook of a fact of sessions: a day on which none of them began any more goes. -#}
{% macro forget_gone_session_days(is_set_aside) -%}
    delete from {{ this }}
    where
        date_key not in (
            select session_date_key
            from {{ ref('int_sessions__events') }}
            where quarantine_reason is {{ 'not' if is_set_aside }} null
        )
{%- endmacro %}
