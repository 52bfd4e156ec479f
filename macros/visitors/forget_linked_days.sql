{#- Pre-hook of int_visitors__daily_links: its rows of the days that it is about to build go first, and these days are noted. -#}
{% macro forget_linked_days() -%}
    {%- if is_incremental() -%}
        {%- set days = outdated_link_days() -%}
        {%- if days -%}
            {%- set rows = this ~ ' where ' ~ in_list('date_key', days) -%}
            {{ note_days('select distinct date_key from ' ~ rows) }};
            delete from {{ rows }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
