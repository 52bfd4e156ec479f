{{
    config(
        materialized='table',
        contract={'enforced': true},
        dist='commission_key',
        sort=['commission_key'],
        indexes=[{'columns': ['commission_key'], 'unique': True}],
    )
}}

{#- The ways of matching, the surest first: the first that finds a click counts. -#}
{%- set methods = ['click_id', 'sub_id', 'click_time', 'last_click'] %}

with

commissions as (
    select
        commission_key,
        network_code,
        coalesce(advertiser_source_id, '') as advertiser_source_id,
        partner_source_id,
        click_code,
        sub_id,
        {{ url_host('referrer_url') }} as referrer_host,
        clicked_at,
        occurred_at
    from {{ ref('int_commissions__attributes') }}
),

verdicts as (
    select
        click_id,
        click_class,
        clicked_at
    from {{ ref('int_clicks__verdicts') }}
),

clicks as (
    select
        click_id,
        network_code,
        coalesce(advertiser_source_id, '') as advertiser_source_id,
        partner_source_id,
        {{ url_host('referrer_url') }} as referrer_host,
        clicked_at
    from {{ ref('int_clicks__deduplicated') }}
    where network_code is not null and partner_source_id is not null
),

-- The network's own id of the click: its click feed has the same one.
named as (
    select
        commission_key,
        occurred_at,
        1 as method_number,
        {{ dimension_key(['network_code', 'click_code'], plain=['network_code']) }} as click_id
    from commissions
    where click_code is not null
    union all
    -- Our redirector puts its own event id on the link as the sub id.
    select
        commission_key,
        occurred_at,
        2 as method_number,
        {{ dimension_key(["'redirector'", 'sub_id'], plain=["'redirector'"]) }} as click_id
    from commissions
    where sub_id is not null
),

by_name as (
    select
        named.commission_key,
        named.method_number,
        verdicts.click_id,
        0 as seconds_apart,
        false as is_other_referrer
    from named
    inner join verdicts on named.click_id = verdicts.click_id
    -- "never a click after its commission"
    where verdicts.clicked_at <= named.occurred_at
),

unnamed as (
    select commissions.*
    from commissions
    left join by_name on commissions.commission_key = by_name.commission_key
    where by_name.commission_key is null and commissions.partner_source_id is not null
),

-- The network tells when its click was. Ours of that moment is the same: both happen within the
-- redirect. A click that the network knows and we do not have is not replaced by another.
minutes as (
    {% for minute in [-1, 0, 1] %}
        select
            commission_key,
            network_code,
            advertiser_source_id,
            partner_source_id,
            referrer_host,
            clicked_at,
            occurred_at,
            date_trunc('minute', clicked_at) + interval '{{ minute }} minute' as clicked_minute
        from unnamed
        where clicked_at is not null
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

by_time as (
    select
        minutes.commission_key,
        3 as method_number,
        clicks.click_id,
        abs({{ seconds_between('minutes.clicked_at', 'clicks.clicked_at') }}) as seconds_apart,
        coalesce(minutes.referrer_host != clicks.referrer_host, false) as is_other_referrer
    from minutes
    inner join clicks
        on
            minutes.network_code = clicks.network_code
            and minutes.partner_source_id = clicks.partner_source_id
            and minutes.clicked_minute = date_trunc('minute', clicks.clicked_at)
            and (
                minutes.advertiser_source_id = ''
                or minutes.advertiser_source_id = clicks.advertiser_source_id
            )
    where
        clicks.clicked_at <= minutes.occurred_at
        and abs({{ seconds_between('minutes.clicked_at', 'clicks.clicked_at') }})
        <= {{ var('match_click_seconds') | int }}
),

-- The network tells nothing of the click: the last one of the partner before the sale. Clicks and
-- sales in one line, so that no pair of them has to be made.
scopes as (
    select distinct
        network_code,
        partner_source_id,
        advertiser_source_id
    from unnamed
    where clicked_at is null
),

timeline as (
    select
        clicks.network_code,
        clicks.partner_source_id,
        scopes.advertiser_source_id,
        clicks.click_id,
        cast(null as bigint) as commission_key,
        clicks.clicked_at as happened_at
    from clicks
    inner join scopes
        on
            clicks.network_code = scopes.network_code
            and clicks.partner_source_id = scopes.partner_source_id
            and (
                scopes.advertiser_source_id = ''
                or clicks.advertiser_source_id = scopes.advertiser_source_id
            )
    inner join verdicts
        on clicks.click_id = verdicts.click_id and verdicts.click_class != 'invalid'
    union all
    select
        network_code,
        partner_source_id,
        advertiser_source_id,
        cast(null as bigint) as click_id,
        commission_key,
        occurred_at as happened_at
    from unnamed
    where clicked_at is null
),

numbered as (
    select
        *,
        row_number() over (
            partition by network_code, partner_source_id, advertiser_source_id
            order by
                happened_at,
                case when click_id is null then 1 else 0 end,
                click_id,
                commission_key
        ) as place
    from timeline
),

looked_back as (
    select
        *,
        max(case when click_id is not null then place end) over (
            partition by network_code, partner_source_id, advertiser_source_id
            order by place
            rows between unbounded preceding and current row
        ) as click_place
    from numbered
),

by_order as (
    select
        sales.commission_key,
        4 as method_number,
        before.click_id,
        {{ seconds_between('before.happened_at', 'sales.happened_at') }} as seconds_apart,
        false as is_other_referrer
    from looked_back as sales
    inner join looked_back as before
        on
            sales.network_code = before.network_code
            and sales.partner_source_id = before.partner_source_id
            and sales.advertiser_source_id = before.advertiser_source_id
            and sales.click_place = before.place
    where
        sales.commission_key is not null
        and before.happened_at
        >= sales.happened_at - interval '{{ var("match_window_days") | int }} day'
),

candidates as (
    select * from by_name
    union all
    select * from by_time
    union all
    select * from by_order
),

ranked as (
    select
        *,
        row_number() over (
            partition by commission_key
            order by
                method_number,
                case when is_other_referrer then 1 else 0 end,
                seconds_apart,
                click_id
        ) as choice,
        count(*) over (partition by commission_key, method_number) as rivals
    from candidates
),

final as (
    select
        ranked.commission_key,
        ranked.click_id,
        cast(
            case ranked.method_number
                {% for method in methods %}
                    when {{ loop.index }} then '{{ method }}'
                {% endfor %}
            end as varchar(20)
        ) as match_method,
        cast(
            case
                when ranked.method_number = 1 then 1.0
                when ranked.method_number = 2 then 0.99
                when ranked.method_number = 3 and ranked.rivals = 1 then 0.9
                when ranked.method_number = 3 then 0.6
                -- "normal: 75 % within 1 h, 94 % within 24 h" of the click: what is further off is
                -- likelier to belong to a click that we do not have.
                when ranked.seconds_apart <= 3600 then 0.5
                when ranked.seconds_apart <= 86400 then 0.3
                else 0.1
            end as numeric(3, 2)
        ) as match_confidence,
        verdicts.click_class,
        verdicts.clicked_at
    from ranked
    inner join verdicts on ranked.click_id = verdicts.click_id
    where ranked.choice = 1
)

select * from final
