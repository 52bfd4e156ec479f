{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='ip_prefix',
        on_schema_change='fail',
        contract={'enforced': true},
        dist='even',
        post_hook=[
            "{{ forget_gone_values('ip_prefix', ref('int_networks__prefixes')) }}",
            "{{ remember('int_networks__blocks') }}",
        ],
    )
}}

-- depends_on: {{ ref('int_networks__blocks') }}

{%- set only_new = is_incremental() and not has_changed('int_networks__blocks', ['network']) %}

with

blocks as (
    -- One network may stand for several rules, or come and go with their versions.
    select distinct
        network,
        ip_version,
        kept_bits,
        prefix_length,
        block_key
    from {{ ref('int_networks__blocks') }}
    where is_decidable
),

lengths as (
    select distinct
        ip_version,
        kept_bits,
        prefix_length
    from blocks
),

distinct_prefixes as (
    select distinct ip_prefix
    from {{ ref('int_networks__prefixes') }}
    where ip_prefix is not null
),

prefixes as (
    select
        distinct_prefixes.ip_prefix,
        case when distinct_prefixes.ip_prefix like '%:%' then 6 else 4 end as ip_version,
        {{ network_number('distinct_prefixes.ip_prefix') }} as network_number
    from distinct_prefixes
    {% if only_new %}
        left join {{ this }} as matched on distinct_prefixes.ip_prefix = matched.ip_prefix
        where matched.ip_prefix is null
    {% endif %}
),

-- Every block that a prefix could lie in: one for each length that the list has. Equality on them
-- is a hash join; "between the first and the last address" would compare each with each.
enclosing as (
    select
        prefixes.ip_prefix,
        {{ block_key(
            'lengths.ip_version',
            'lengths.prefix_length',
            leading_bits('prefixes.network_number', 'lengths.kept_bits', 'lengths.prefix_length'),
        ) }} as block_key
    from prefixes
    inner join lengths on prefixes.ip_version = lengths.ip_version
),

unioned as (
    select
        enclosing.ip_prefix,
        blocks.network
    from enclosing
    inner join blocks on enclosing.block_key = blocks.block_key

    union all

    -- Looked at: a prefix in no block is not looked at again.
    select
        ip_prefix,
        '' as network
    from prefixes
),

final as (
    select
        cast(ip_prefix as varchar(43)) as ip_prefix,
        cast(network as varchar(43)) as network
    from unioned
)

select * from final
