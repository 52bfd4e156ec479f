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
        ip_prefix
    from {{ ref('int_clicks__unioned') }}
    {% if is_incremental() %}
        where {{ in_list('file_id', arrived) }}
    {% endif %}
),

-- Also the row without a prefix: a file that has no row here would be read in every build.
final as (
    select distinct
        file_id,
        cast(ip_prefix as varchar(43)) as ip_prefix
    from clicks
)

select * from final
