{#- One row per commission of which something was known by then: what its entries added up to. `is_known`: a condition on a
    row called known, of its pulled_at; `limits`: a join that it needs.

    Most commissions have not changed since: their present states are those of then. Only the others are folded again, from
    what had been pulled. -#}
{% macro commission_states_then(is_known, limits='') -%}
    {%- set columns = ['commission_key', 'currency_code', 'network_status', 'status', 'entries'] -%}
    {%- for amount in commission_amounts() -%}
        {%- for kind in ['', 'gross_', 'net_'] -%}
            {%- do columns.append(kind ~ amount ~ '_amount') -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set columns = columns + [
        'approved_at', 'reversed_at', 'paid_at', 'first_recorded_at', 'last_recorded_at',
    ] -%}
    with told as (
        select
            commission_key,
            pulled_at
        from {{ ref('int_commissions__pulled') }}
        union all
        -- A pull of everything may have said by its silence that it is gone.
        select
            commission_key,
            pulled_at
        from {{ ref('int_commissions__entries') }}
    ),

    changed as (
        select distinct known.commission_key
        from told as known
        {{ limits }}
        where not coalesce({{ is_known }}, false)
    ),

    changed_observations as (
        select known.*
        from (select * from {{ ref('int_commissions__pulled') }}) as known
        inner join changed on known.commission_key = changed.commission_key
        {{ limits }}
        where {{ is_known }}
    ),

    whole_pulls as (
        select known.*
        from (select * from {{ ref('int_commissions__full_pulls') }}) as known
        {{ 'where ' ~ is_known if not limits }}
    ),

    changed_entries as (
        select known.*
        from ({{ commission_entries('changed_observations', 'whole_pulls') }}) as known
        {{ limits }}
        -- A pull of everything that was made afterwards says nothing of what was known.
        where {{ is_known }}
    )

    select {% for column in columns %}known.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from (select * from {{ ref('int_commissions__states') }}) as known
    {{ limits }}
    left join changed on known.commission_key = changed.commission_key
    where changed.commission_key is null
    union all
    select {{ columns | join(', ') }}
    from ({{ commission_states('changed_entries') }}) as changed_states
{%- endmacro %}
