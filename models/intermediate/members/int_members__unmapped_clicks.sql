{#- Whose pages clicks lead to are the advertiser's, where they come from is the partner's. -#}
{%- set pages = {'advertiser': 'landing_url', 'partner': 'referrer_host'} -%}
{%- set kinds = ['advertiser', 'partner', 'program', 'campaign', 'creative'] -%}

{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        on_schema_change='fail',
        contract={'enforced': true},
        pre_hook="{{ forget_days(changed_days_of_clicks) }}",
        post_hook="{{ remember_days('fct_clicks') }}",
        dist='even',
        sort=['date_key'],
    )
}}

with

unmapped as (
    select distinct
        kind,
        member_key
    from {{ ref('int_members__versions') }}
    where not is_mapped
),

{% for kind in kinds %}
    {{ kind }}_clicks as (
        select
            date_key,
            {{ kind }}_key as member_key,
            {{ pages.get(kind, 'cast(null as varchar(255))') }} as page,
            clicked_at
        from {{ ref('fct_clicks') }}
        {% if is_incremental() %}
            where {{ in_list('date_key', changed_days_of_clicks()) }}
        {% endif %}
    ),

    {{ kind }}_pages as (
        select
            {{ kind }}_clicks.date_key,
            {{ kind }}_clicks.member_key,
            {{ kind }}_clicks.page,
            {{ kind }}_clicks.clicked_at
        from {{ kind }}_clicks
        inner join unmapped
            on
                {{ kind }}_clicks.member_key = unmapped.member_key
                and unmapped.kind = '{{ kind }}'
    ),

{% endfor %}
hosts as (
    {% for kind in kinds %}
        select
            date_key,
            member_key,
            {{ url_host('page') if kind == 'advertiser' else 'page' }} as host,
            clicked_at
        from {{ kind }}_pages
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        date_key,
        member_key,
        cast(host as varchar(255)) as host,
        cast(count(*) as bigint) as clicks,
        min(clicked_at) as first_clicked_at,
        max(clicked_at) as last_clicked_at
    from hosts
    group by
        date_key,
        member_key,
        host
)

select * from final
