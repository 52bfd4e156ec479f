{#- The reporting days whose clicks int_clicks__judged has to judge again: other clicks or copies than it saw, or
    clicks from what has become, or is no longer, internal traffic. -#}
{% macro outdated_judged_days() -%}
    {%- set marks = ['ip_prefix', 'cookie_hash', 'url_parameter', 'is_deleted', 'valid_from', 'valid_to'] -%}
    {%- set outdated = changed_received_days() -%}
    {%- if has_changed('int_master__internal_traffic_versions', marks) -%}
        {%- set changed_days -%}
            select distinct clicks.date_key
            from (select * from {{ ref('int_clicks__deduplicated') }}) as clicks
            inner join ({{ changed_rows('int_master__internal_traffic_versions', marks) }}) as traffic
                on
                    clicks.clicked_at >= traffic.valid_from
                    and clicks.clicked_at < traffic.valid_to
            where {{ is_internal_click('clicks', 'traffic') }}
        {%- endset -%}
        {%- set outdated = (outdated + first_column(changed_days)) | unique | list -%}
    {%- endif -%}
    {{ return(outdated) }}
{%- endmacro %}
