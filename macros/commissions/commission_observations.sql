{#- All observations of commissions, as a subquery. A pull that does not name its moment in its path was made when its
    file was written. `until`: an SQL timestamp; only what had been pulled by then. -#}
{% macro commission_observations(until=none) -%}
    (
        select * from (
            select
                {% for column in observed_commission_columns() if column != 'pulled_at' -%}
                observed.{{ column }},
                {% endfor -%}
                observed.commission_key,
                observed.feed,
                observed.network_code,
                coalesce(observed.pulled_at, files.modified_at) as pulled_at
            from (select * from {{ ref('int_commissions__observed') }}) as observed
            left join (select * from {{ ref('stg_loader__files') }}) as files
                on observed.file_id = files.file_id
        ) as pulled
        {% if until is not none -%}
        where pulled_at <= {{ until }}
        {%- endif %}
    )
{%- endmacro %}
