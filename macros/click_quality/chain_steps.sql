{#- How often the reach of a walk through a chain has to double: no chain has more unique clicks than the shortest
    fixed window fits between the first click and the last one, and 2^steps are at least that many. One at
    least, also while the clicks are not there yet, as when the project is only compiled. -#}
{% macro chain_steps() -%}
    {%- set windows -%}
        select
            cast(
                floor(
                    max(extract(epoch from clicks.last_at) - extract(epoch from clicks.first_at))
                    / min(rules.window_seconds)
                ) as bigint
            ) + 2 as windows
        from (select * from {{ ref('int_uniqueness_rules__in_force') }}) as rules
        cross join (
            select
                min(clicked_at) as first_at,
                max(clicked_at) as last_at
            from {{ ref('int_clicks__keyed') }}
        ) as clicks
        where
            rules.window_kind = 'fixed'
            and clicks.first_at is not null
        having count(*) > 0
    {%- endset -%}
    {%- set is_built = execute and load_relation(ref('int_clicks__keyed')) is not none -%}
    {%- set found = first_column(windows) if is_built else [] -%}
    {%- set steps = namespace(needed=1) -%}
    {%- for step in range(64) -%}
        {%- if found and 2 ** steps.needed < found[0] -%}
            {%- set steps.needed = steps.needed + 1 -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(steps.needed) }}
{%- endmacro %}
