{#- Whether a seed of rules may become the one that judges: a condition that all its rows meet, or none.
    "Old clicks keep their verdict until somebody runs the re-judge command": rules that would have judged a
    click differently that is judged already are not taken over, all of them, until then. -#}
{% macro rules_may_change(seed, parameters) -%}
    {%- set verdicts = judged_clicks() -%}
    {%- if not is_incremental() or not execute or verdicts is none -%}
        1 = 1
    {%- else -%}
        {%- set columns = ['rule_id', 'version'] + parameters -%}
        {%- set past -%}
            {{ columns | join(', ') }},
            valid_from,
            case when valid_to <= latest.clicked_at then valid_to end as valid_to
        {%- endset -%}
        {%- set changed -%}
            with

            latest as (
                select coalesce(max(clicked_at), {{ beginning_of_time() }}) as clicked_at
                from {{ verdicts }}
            ),

            wanted as (
                select {{ past }}
                from {{ ref(seed) }}
                cross join latest
                where valid_from <= latest.clicked_at
            ),

            used as (
                select {{ past }}
                from {{ this }}
                cross join latest
                where valid_from <= latest.clicked_at
            ),

            added as (
                select * from wanted except select * from used
            ),

            removed as (
                select * from used except select * from wanted
            )

            select
                (select count(*) from latest where clicked_at > {{ beginning_of_time() }})
                * ((select count(*) from added) + (select count(*) from removed))
        {%- endset -%}
        {{ '1 = 1' if first_column(changed)[0] == 0 else '1 = 0' }}
    {%- endif -%}
{%- endmacro %}
