{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='file_id',
        on_schema_change='fail',
        post_hook="{{ forget_gone_files() }}",
    )
}}

with

final as (
    select distinct
        file_id,
        cast({{ channel_source() }} as varchar(255)) as source,
        cast({{ channel_medium() }} as varchar(255)) as medium,
        cast({{ channel_campaign() }} as varchar(255)) as campaign
    from {{ ref('int_clicks__unioned') }}
    {% if is_incremental() %}
        where
            file_id in (
                select file_id from {{ ref('stg_loader__files') }} where status = 'loaded'
                except
                select file_id from {{ this }}
            )
    {% endif %}
)

select * from final
