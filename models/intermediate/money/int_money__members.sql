{%- set kinds = {
    'advertiser': ['commissions', 'reports', 'costs'],
    'partner': ['commissions', 'reports', 'costs'],
    'program': ['commissions', 'reports', 'costs'],
    'campaign': ['commissions', 'costs'],
    'creative': ['commissions'],
} -%}

with

commissions as (
    select
        network_code,
        advertiser_source_id,
        partner_source_id,
        program_source_id,
        campaign_source_id,
        creative_source_id
    from {{ ref('int_commissions__attributes') }}
),

reports as (
    select
        network_code,
        advertiser_source_id,
        partner_source_id,
        program_source_id
    from {{ ref('stg_network_reports__daily') }}
),

costs as (
    select
        coalesce(network_code, 'none') as network_code,
        advertiser_source_id,
        partner_source_id,
        program_source_id,
        campaign_source_id
    from {{ ref('stg_costs__cost_lines') }}
),

final as (
    {% for kind, origins in kinds.items() %}
        {%- set last_kind = loop.last %}
        {% for origin in origins %}
            select
                cast('{{ kind }}' as varchar(20)) as kind,
                cast(network_code as varchar(30)) as network_code,
                cast({{ kind }}_source_id as varchar(128)) as source_id
            from {{ origin }}
            where {{ kind }}_source_id is not null
            {{ 'union' if not (loop.last and last_kind) }}
        {% endfor %}
    {% endfor %}
)

select * from final
