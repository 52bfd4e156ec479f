{#- The versions of master records, built from the append-only history of their changes.

    "Versions are built per field": the value of a field at business time t is that of the last
    recorded change of that field whose effective date is at or before t. So a back-dated change of one
    field does not back-date a later change of another.

    A '+' sets every field, a '~' sets the fields that differ from the record's row recorded before it,
    a '-' sets only is_deleted. "The first version is open to the past": the date of the record's first
    row counts as the beginning of time, also for other changes of that same date. -#}
{% macro scd2(history, record_key, fields, effective_by_default='recorded_at', open_to_past=true) -%}
    {%- set key = record_key | join(', ') -%}
    {%- set by_recording = 'partition by ' ~ key ~ ' order by history_id' -%}
    {%- set by_validity = 'partition by ' ~ key ~ ' order by valid_from' -%}
    {%- set by_instant = 'partition by ' ~ key ~ ' order by effective_at' -%}
    with recorded as (
        -- A file that is delivered again repeats its history ids: one row of each counts.
        select
            {{ key }},
            history_id,
            change_type,
            {% for field in fields -%}
            {{ field }},
            {% endfor -%}
            effective_at
        from (
            select
                {{ key }},
                history_id,
                change_type,
                {% for field in fields -%}
                {{ field }},
                {% endfor -%}
                greatest(
                    coalesce(effective_from, {{ effective_by_default }}), {{ beginning_of_time() }}
                ) as effective_at,
                row_number() over (
                    partition by {{ key }}, history_id order by file_id, line_number
                ) as copy_number
            from {{ history }}
        ) as copies
        where copy_number = 1
    ),

    compared as (
        select
            {{ key }},
            history_id,
            change_type,
            {% if open_to_past -%}
            case
                when effective_at = first_value(effective_at) over (
                    {{ by_recording }} rows between unbounded preceding and current row
                )
                    then {{ beginning_of_time() }}
                else effective_at
            end as effective_at,
            {% else -%}
            effective_at,
            {% endif -%}
            {% for field in fields -%}
            {{ field }},
            lag({{ field }}) over (
                partition by {{ key }}, case when change_type = '-' then 1 else 0 end
                order by history_id
            ) as previous_{{ field }},
            {% endfor -%}
            lag(history_id) over (
                partition by {{ key }}, case when change_type = '-' then 1 else 0 end
                order by history_id
            ) as previous_living_id,
            lag(change_type) over ({{ by_recording }}) as previous_change_type
        from recorded
    ),

    -- For each field the id of the row that sets it; null where the row leaves it alone.
    settings as (
        select
            {{ key }},
            history_id,
            change_type,
            effective_at,
            {% for field in fields -%}
            {{ field }},
            case
                when previous_change_type is null then history_id
                when change_type = '-' then null
                when change_type = '+' or previous_living_id is null then history_id
                when {{ null_safe_equal(field, 'previous_' ~ field) }} then null
                else history_id
            end as {{ field }}_set_by,
            {% endfor -%}
            case
                when change_type in ('+', '-') then history_id
                when previous_change_type is null or previous_change_type = '-' then history_id
            end as is_deleted_set_by
        from compared
    ),

    -- "The last recorded change whose effective date is at or before t": the highest id so far.
    running as (
        select
            {{ key }},
            history_id,
            change_type,
            effective_at,
            {% for field in fields -%}
            {{ field }},
            {% endfor -%}
            {% for field in fields + ['is_deleted'] -%}
            max({{ field }}_set_by) over (
                {{ by_instant }}, history_id
                rows between unbounded preceding and current row
            ) as {{ field }}_set_by,
            {% endfor -%}
            row_number() over (
                partition by {{ key }}, effective_at order by history_id desc
            ) as rank_in_instant
        from settings
        -- A row that sets nothing is no change, whatever its date.
        where
            is_deleted_set_by is not null
            {%- for field in fields %}
            or {{ field }}_set_by is not null
            {%- endfor %}
    ),

    -- Of the rows in which one id is the highest so far, the first is that id's own. (A join by the id
    -- says the same; without statistics PostgreSQL makes it row by row.)
    valued as (
        select
            {{ key }},
            {% for field in fields -%}
            case
                when {{ field }}_set_by is not null
                    then first_value({{ field }}) over (
                        partition by {{ key }}, {{ field }}_set_by
                        order by effective_at, history_id
                        rows between unbounded preceding and current row
                    )
            end as {{ field }},
            {% endfor -%}
            case
                when is_deleted_set_by is null then false
                when first_value(change_type) over (
                    partition by {{ key }}, is_deleted_set_by
                    order by effective_at, history_id
                    rows between unbounded preceding and current row
                ) = '-' then true
                else false
            end as is_deleted,
            effective_at,
            rank_in_instant
        from running
    ),

    neighbours as (
        select
            {{ key }},
            {% for field in fields + ['is_deleted'] -%}
            {{ field }},
            lag({{ field }}) over ({{ by_instant }}) as previous_{{ field }},
            {% endfor -%}
            effective_at,
            lag(effective_at) over ({{ by_instant }}) as previous_effective_at
        from valued
        where rank_in_instant = 1
    ),

    -- Boundaries that change nothing vanish.
    versions as (
        select
            {{ key }},
            {% for field in fields + ['is_deleted'] -%}
            {{ field }},
            {% endfor -%}
            effective_at as valid_from
        from neighbours
        where
            previous_effective_at is null
            {%- for field in fields + ['is_deleted'] %}
            or not coalesce({{ null_safe_equal(field, 'previous_' ~ field) }}, false)
            {%- endfor %}
    )

    select
        {{ key }},
        {% for field in fields + ['is_deleted'] -%}
        {{ field }},
        {% endfor -%}
        valid_from,
        coalesce(lead(valid_from) over ({{ by_validity }}), {{ end_of_time() }}) as valid_to,
        lead(valid_from) over ({{ by_validity }}) is null as is_current
    from versions
{%- endmacro %}
