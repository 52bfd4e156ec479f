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

{%- set arrived = new_files(['int_clicks__unioned']) if is_incremental() else [] %}

with

clicks as (
    select
        file_id,
        user_agent
    from {{ ref('int_clicks__unioned') }}
    {% if is_incremental() %}
        where {{ in_list('file_id', arrived) }}
    {% endif %}
),

-- Also the row without a user agent: a file that has no row here would be read in every build.
final as (
    select distinct
        file_id,
        user_agent
    from clicks
)

select * from final
