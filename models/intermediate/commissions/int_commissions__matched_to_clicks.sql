{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='commission_key',
        on_schema_change='fail',
        contract={'enforced': true},
        pre_hook="{{ forget_outdated('commission_key', outdated_matches) }}",
        post_hook=[
            "{{ forget_gone_values('commission_key', ref('int_commissions__attributes')) }}",
            "{{ remember('int_commissions__attributes', [
                'commission_key', 'network_code', 'click_state', 'clicked_at',
            ]) }}",
            "{{ remember('int_master__crosswalk_versions') }}",
            "{{ remember_days('int_clicks__verdicts') }}",
            "{{ remember('int_clicks__received', ['distinct file_id']) }}",
        ],
        dist='commission_key',
        sort=['commission_key'],
        indexes=[{'columns': ['commission_key'], 'unique': True}],
    )
}}

-- depends_on: {{ ref('int_clicks__received') }}, {{ ref('stg_loader__files') }}

{#- The ways of matching, the surest first: the first that finds a click counts. -#}
{%- set methods = ['click_id', 'sub_id', 'click_time', 'last_click'] %}
{#- What a commission may say of its click, besides network and partner; '' where it does not. -#}
{%- set told = ['advertiser_code', 'sub_id'] %}
{%- set seconds = var('match_click_seconds') | int %}
{%- if not 0 <= seconds <= 60 %}
    {{ exceptions.raise_compiler_error('match_click_seconds: ' ~ seconds ~ ' is not from 0 to 60') }}
{%- endif %}

{%- set clicks_looked_at, verdicts_looked_at = '1 = 1', '1 = 1' %}
{%- if is_incremental() %}
    {%- set days = days_of_clicks(outdated_matches()) %}
    {%- set clicks_looked_at = on_days(days, reporting_date_key('clicked_at'), 'clicked_at') %}
    {%- set verdicts_looked_at = on_days(days, 'date_key', 'clicked_at') %}
{%- endif %}

with

-- One advertiser has several ids at a network: impact.com and Partnerize name it by its program,
-- our link by itself.
advertisers as (
    select
        network_code,
        source_id,
        code
    from {{ ref('int_master__crosswalk_versions') }}
    where kind = 'advertiser' and is_current and not is_deleted and code is not null
),

{% if is_incremental() %}
    outdated as (
        select commission_key
        from {{ outdated_keys() }}
    ),

{% endif %}
all_attributes as (
    select
        commission_key,
        network_code,
        advertiser_source_id,
        partner_source_id,
        click_code,
        sub_id,
        referrer_url,
        clicked_at,
        occurred_at
    from {{ ref('int_commissions__attributes') }}
),

attributes as (
    select all_attributes.*
    from all_attributes
    {% if is_incremental() %}
        inner join outdated on all_attributes.commission_key = outdated.commission_key
    {% endif %}
),

received as (
    select
        network_code,
        advertiser_source_id,
        partner_source_id,
        source_name,
        sub_id,
        referrer_url,
        file_id,
        line_number
    from {{ ref('int_clicks__unioned') }}
    where {{ clicks_looked_at }}
),

commissions as (
    select
        attributes.commission_key,
        attributes.network_code,
        coalesce(advertisers.code, attributes.advertiser_source_id, '') as advertiser_code,
        attributes.partner_source_id,
        attributes.click_code,
        attributes.sub_id,
        {{ url_host('attributes.referrer_url') }} as referrer_host,
        attributes.clicked_at,
        attributes.occurred_at
    from attributes
    left join advertisers
        on
            attributes.network_code = advertisers.network_code
            and attributes.advertiser_source_id = advertisers.source_id
),

verdicts as (
    select
        click_id,
        click_class,
        file_id,
        line_number,
        clicked_at
    from {{ ref('int_clicks__verdicts') }}
    where {{ verdicts_looked_at }}
),

-- By file and line, so that the click's id is not hashed once more. Of copies one has a verdict.
clicks as (
    select
        verdicts.click_id,
        received.network_code,
        coalesce(advertisers.code, received.advertiser_source_id) as advertiser_code,
        received.partner_source_id,
        received.source_name,
        received.sub_id,
        received.referrer_url,
        verdicts.click_class,
        verdicts.clicked_at
    from received
    inner join verdicts
        on
            received.file_id = verdicts.file_id
            and received.line_number = verdicts.line_number
    left join advertisers
        on
            received.network_code = advertisers.network_code
            and received.advertiser_source_id = advertisers.source_id
),

named as (
    {{ named_clicks('commissions') | indent(4) }}
),

-- A click that was sent to another network did not lead to this one's commission.
named_clicks as (
    select
        named.commission_key,
        named.method_number,
        named.occurred_at,
        clicks.click_id,
        clicks.clicked_at
    from named
    inner join clicks
        on
            named.click_id = clicks.click_id
            and named.network_code = coalesce(clicks.network_code, named.network_code)
),

by_name as (
    select
        commission_key,
        method_number,
        click_id,
        0 as seconds_apart,
        false as is_other_referrer,
        true as is_told
    from named_clicks
    -- "never a click after its commission"
    where clicked_at <= occurred_at
),

-- A named click that is later than its sale is refused, and no other takes its place.
unnamed as (
    select commissions.*
    from commissions
    left join named_clicks on commissions.commission_key = named_clicks.commission_key
    where named_clicks.commission_key is null and commissions.partner_source_id is not null
),

-- The network tells when its click was. Ours of that moment is the same: both happen within the
-- redirect, by two clocks, of which either may be ahead. A click that the network knows and we do
-- not have is not replaced by another.
minutes as (
    {% for minute in [-1, 0, 1] %}
        select
            commission_key,
            network_code,
            advertiser_code,
            partner_source_id,
            sub_id,
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
        coalesce(minutes.referrer_host != {{ url_host('clicks.referrer_url') }}, false)
            as is_other_referrer,
        true as is_told
    from minutes
    inner join clicks
        on
            minutes.network_code = clicks.network_code
            and minutes.partner_source_id = clicks.partner_source_id
            and minutes.clicked_minute = date_trunc('minute', clicks.clicked_at)
            and (
                minutes.advertiser_code = ''
                or minutes.advertiser_code = clicks.advertiser_code
            )
    where
        clicks.clicked_at <= minutes.occurred_at
        -- Both say what stood on the link, and it is not the same.
        and coalesce(minutes.sub_id = clicks.sub_id, true)
        and abs({{ seconds_between('minutes.clicked_at', 'clicks.clicked_at') }}) <= {{ seconds }}
),

-- A network that tells of other commissions when their clicks were, and of this one does not,
-- knows of no click: it is a bonus, or a sale by a coupon.
telling_networks as (
    select distinct network_code
    from all_attributes
    where clicked_at is not null
),

untimed as (
    select
        unnamed.commission_key,
        unnamed.network_code,
        unnamed.partner_source_id,
        unnamed.advertiser_code,
        coalesce(unnamed.sub_id, '') as sub_id,
        unnamed.referrer_host,
        unnamed.occurred_at
    from unnamed
    left join telling_networks on unnamed.network_code = telling_networks.network_code
    where telling_networks.network_code is null and unnamed.click_code is null
),

-- The network tells nothing of the click's time: the last one of the partner before the sale,
-- which had the same sub id where the commission has one. Clicks and sales stand in one line, so
-- that no pair of them has to be made.
scopes as (
    select distinct
        network_code,
        partner_source_id,
        {{ told | join(', ') }}
    from untimed
),

timeline as (
    {% for compared in [told, told[:1], told[1:], []] %}
        select
            scopes.network_code,
            scopes.partner_source_id,
            {% for column in told %}
                scopes.{{ column }},
            {% endfor %}
            clicks.click_id,
            cast(null as bigint) as commission_key,
            clicks.referrer_url,
            cast(null as varchar(8192)) as referrer_host,
            clicks.clicked_at as happened_at
        from clicks
        inner join scopes
            on
                clicks.network_code = scopes.network_code
                and clicks.partner_source_id = scopes.partner_source_id
                {% for column in compared %}
                    and clicks.{{ column }} = scopes.{{ column }}
                {% endfor %}
                {% if 'sub_id' in compared %}
                    -- Our redirector passes its event id on, not the sub id that it was given.
                    and clicks.source_name != 'redirector'
                {% endif %}
        where
            clicks.click_class != 'invalid'
            {% for column in told %}
                and scopes.{{ column }}
                {{ '!=' if column in compared else '=' }} ''
            {% endfor %}
        union all
    {% endfor %}
    select
        network_code,
        partner_source_id,
        {{ told | join(',\n        ') }},
        cast(null as bigint) as click_id,
        commission_key,
        cast(null as varchar(8192)) as referrer_url,
        referrer_host,
        occurred_at as happened_at
    from untimed
),

numbered as (
    select
        *,
        row_number() over (
            partition by network_code, partner_source_id, {{ told | join(', ') }}
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
            partition by network_code, partner_source_id, {{ told | join(', ') }}
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
        false as is_other_referrer,
        sales.sub_id != '' as is_told
    from looked_back as sales
    inner join looked_back as before
        on
            sales.network_code = before.network_code
            and sales.partner_source_id = before.partner_source_id
            {% for column in told %}
                and sales.{{ column }} = before.{{ column }}
            {% endfor %}
            and sales.click_place = before.place
    where
        sales.commission_key is not null
        and before.happened_at
        >= case
            when sales.sub_id != ''
                then sales.happened_at - interval '{{ var("match_window_days") | int }} day'
            -- "75 % within 1 h" of the click. Of those that are later without a sub id, nine of ten
            -- belong to a click that we do not have: they stay without one.
            else sales.happened_at - interval '{{ var("match_window_minutes") | int }} minute'
        end
        -- The network tells where the click came from, and it is elsewhere.
        and coalesce(sales.referrer_host = {{ url_host('before.referrer_url') }}, true)
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
        count(*) over (partition by commission_key, method_number, is_other_referrer) as rivals
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
                -- The share of these matches that is right in the demo (docs/commissions.md).
                when ranked.method_number = 1 then 1.0
                when ranked.method_number = 2 then 0.99
                when ranked.method_number = 3 and ranked.is_other_referrer then 0.9
                when ranked.method_number = 3 and ranked.rivals > 1 then 0.9
                when ranked.method_number = 3 then 0.99
                when ranked.is_told then 0.95
                else 0.9
            end as numeric(3, 2)
        ) as match_confidence,
        clicks.click_class,
        clicks.clicked_at
    from ranked
    inner join clicks on ranked.click_id = clicks.click_id
    where ranked.choice = 1
)

select * from final
