{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='file_id',
        on_schema_change='fail',
        contract={'enforced': true},
        dist='even',
        sort=['file_id'],
        post_hook="{{ forget_gone_files() }}",
    )
}}

-- depends_on: {{ ref('stg_loader__files') }}

{%- set kinds = ['advertiser', 'partner', 'program', 'campaign', 'creative'] %}

{%- set arrived = new_files(['int_clicks__unioned']) if is_incremental() else [] %}

with

clicks as (
    select
        {% for kind in kinds %}
            {{ kind }}_source_id,
        {% endfor %}
        file_id,
        network_code
    from {{ ref('int_clicks__unioned') }}
    {% if is_incremental() %}
        where {{ in_list('file_id', arrived) }}
    {% endif %}
),

combinations as (
    select distinct
        {% for kind in kinds %}
            {{ kind }}_source_id,
        {% endfor %}
        file_id,
        coalesce(network_code, 'none') as network_code
    from clicks
),

final as (
    {% for kind in kinds %}
        select
            file_id,
            cast('{{ kind }}' as varchar(20)) as kind,
            cast(network_code as varchar(30)) as network_code,
            cast({{ kind }}_source_id as varchar(128)) as source_id
        from combinations
        where {{ kind }}_source_id is not null
        {{ 'union' if not loop.last }}
    {% endfor %}
)

select * from final
