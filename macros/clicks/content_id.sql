{#- The identity of a record whose source gives it none: a hash of what it holds. Clicks and page views of a
    source make it by this one list, since one record may be both. A list is never changed: every id of the
    source would change with it. `relation` stands before the columns where a join needs it. -#}
{% macro content_id(source_name, relation='') -%}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    {%- if source_name == 'access_log' -%}
        {#- A line of this log has no id. Equal lines are told apart by their order in the file, so that a
            second delivery of the file gives the same ids. -#}
        {%- set plain = [
            timestamp_text(prefix ~ 'requested_at'),
            prefix ~ 'ip_hash',
            prefix ~ 'remote_user_hash',
            prefix ~ 'status_code',
            prefix ~ 'response_bytes',
        ] -%}
        {%- set request = [prefix ~ 'method', prefix ~ 'path', prefix ~ 'query', prefix ~ 'protocol'] -%}
        {%- set sender = [prefix ~ 'referrer_url', prefix ~ 'user_agent'] -%}
        {%- set parts = plain[:3] + request + plain[3:] + sender -%}
    {%- elif source_name == 'alb' -%}
        {#- A client may send a trace id of its own with many requests: the two moments and the address
            belong to the identity, and equal ones are told apart by their order in the file. -#}
        {%- set plain = [
            timestamp_text(prefix ~ 'request_created_at'),
            timestamp_text(prefix ~ 'responded_at'),
            prefix ~ 'ip_hash',
        ] -%}
        {%- set parts = [prefix ~ 'trace_id'] + plain + [prefix ~ 'url'] -%}
    {%- elif source_name == 'ga4' -%}
        {#- The key of an exported event; a day's events come again while Google rewrites the day. -#}
        {%- set plain = [
            prefix ~ 'user_pseudo_hash',
            timestamp_text(prefix ~ 'event_timestamp'),
            prefix ~ 'batch_page_id',
            prefix ~ 'batch_ordering_id',
            prefix ~ 'batch_event_index',
        ] -%}
        {%- set parts = plain[:2] + [prefix ~ 'event_name'] + plain[2:] -%}
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            "content_id: there is no list of columns for the source '" ~ source_name ~ "'."
        ) }}
    {%- endif -%}
    md5({{ key_text(parts, plain=plain) }})
{%- endmacro %}
