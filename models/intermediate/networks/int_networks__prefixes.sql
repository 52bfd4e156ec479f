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

with

clicks as (
    select
        file_id,
        ip_prefix
    from {{ ref('int_clicks__unioned') }}
    {% if is_incremental() %}
        where {{ in_list('file_id', new_files()) }}
    {% endif %}
),

final as (
    select distinct
        file_id,
        cast(ip_prefix as varchar(43)) as ip_prefix
    from clicks
    where ip_prefix is not null
)

select * from final
