{#- What each feed calls the members that it names. Clicks are not pulled: theirs is the time of the
    click. -#}
{%- set cj = [
    {'kind': 'advertiser', 'id': 'advertiser_id', 'name': 'advertiser_name'},
    {'kind': 'program', 'id': 'advertiser_id', 'name': 'advertiser_name'},
    {
        'kind': 'partner',
        'id': 'publisher_id',
        'name': 'coalesce(publisher_name, website_name)',
    },
] -%}
{%- set cj_columns = [
    'advertiser_id', 'advertiser_name', 'publisher_id', 'publisher_name', 'website_name',
] -%}
{%- set awin_columns = ['publisher_id', 'site_name', 'url'] -%}
{%- set awin = [
    {'kind': 'partner', 'id': 'publisher_id', 'name': 'site_name', 'website': 'url'},
] -%}
{%- set by_program = "'program:' || campaign_id" -%}
{%- set clicked_program = 'coalesce(program_id, campaign_id)' -%}
{%- set feeds = {
    'stg_cj__publisher_commissions': {'network': 'cj', 'columns': cj_columns, 'said': cj},
    'stg_cj__advertiser_commissions': {'network': 'cj', 'columns': cj_columns, 'said': cj},
    'stg_awin__publisher_transactions': {'network': 'awin', 'columns': awin_columns, 'said': awin},
    'stg_awin__advertiser_transactions': {'network': 'awin', 'columns': awin_columns, 'said': awin},
    'stg_impact__actions': {'network': 'impact', 'columns': [
        'campaign_id', 'campaign_name', 'media_partner_id', 'media_partner_name', 'side', 'account_code',
    ], 'said': [
        {'kind': 'advertiser', 'id': by_program, 'name': 'campaign_name'},
        {'kind': 'program', 'id': 'campaign_id', 'name': 'campaign_name'},
        {'kind': 'partner', 'id': impact_partner(), 'name': 'media_partner_name'},
    ]},
    'stg_impact__action_updates': {'network': 'impact', 'columns': [
        'media_partner_id', 'media_partner_name', 'side', 'account_code',
    ], 'said': [
        {'kind': 'partner', 'id': impact_partner(), 'name': 'media_partner_name'},
    ]},
    'stg_impact__clicks': {'network': 'impact', 'at': 'clicked_at', 'columns': [
        'campaign_id', 'program_id', 'campaign_name', 'media_id', 'media_name',
    ], 'said': [
        {'kind': 'advertiser', 'id': "'program:' || " ~ clicked_program, 'name': 'campaign_name'},
        {'kind': 'program', 'id': clicked_program, 'name': 'campaign_name'},
        {'kind': 'partner', 'id': 'media_id', 'name': 'media_name'},
    ]},
    'stg_partnerize__conversions': {'network': 'partnerize', 'columns': [
        'campaign_id', 'campaign_title', 'publisher_id', 'publisher_name',
    ], 'said': [
        {'kind': 'advertiser', 'id': by_program, 'name': 'campaign_title'},
        {'kind': 'program', 'id': 'campaign_id', 'name': 'campaign_title'},
        {'kind': 'partner', 'id': 'publisher_id', 'name': 'publisher_name'},
    ]},
    'stg_everflow__conversions': {'network': 'everflow', 'columns': [
        'network_advertiser_id', 'advertiser_name', 'network_offer_id', 'offer_name',
        'network_affiliate_id', 'affiliate_name',
    ], 'said': [
        {'kind': 'advertiser', 'id': 'network_advertiser_id', 'name': 'advertiser_name'},
        {'kind': 'program', 'id': 'network_offer_id', 'name': 'offer_name'},
        {'kind': 'partner', 'id': 'network_affiliate_id', 'name': 'affiliate_name'},
    ]},
    'stg_everflow__clicks': {'network': 'everflow', 'at': 'clicked_at', 'columns': [
        'network_offer_id', 'offer_name', 'network_affiliate_id', 'affiliate_name',
    ], 'said': [
        {'kind': 'program', 'id': 'network_offer_id', 'name': 'offer_name'},
        {'kind': 'partner', 'id': 'network_affiliate_id', 'name': 'affiliate_name'},
    ]},
    'stg_tune__conversions': {'network': 'tune', 'columns': [
        'advertiser_id', 'advertiser_company', 'offer_id', 'offer_name',
        'affiliate_id', 'affiliate_company',
    ], 'said': [
        {'kind': 'advertiser', 'id': 'advertiser_id', 'name': 'advertiser_company'},
        {'kind': 'program', 'id': 'offer_id', 'name': 'offer_name'},
        {'kind': 'partner', 'id': 'affiliate_id', 'name': 'affiliate_company'},
    ]},
    'stg_rakuten__signature': {'network': 'rakuten', 'columns': ['mid', 'advertiser_name'], 'said': [
        {'kind': 'advertiser', 'id': 'mid', 'name': 'advertiser_name'},
    ]},
    'stg_shareasale__activity': {'network': 'shareasale', 'columns': ['merchant_id', 'merchant_organization', 'merchant_website'], 'said': [
        {
            'kind': 'advertiser',
            'id': 'merchant_id',
            'name': 'merchant_organization',
            'website': 'merchant_website',
        },
    ]},
    'stg_shareasale__ledger': {'network': 'shareasale', 'columns': ['merchant_id', 'merchant_organization'], 'said': [
        {'kind': 'advertiser', 'id': 'merchant_id', 'name': 'merchant_organization'},
    ]},
    'stg_ebay__transactions': {'network': 'ebay', 'columns': ['campaign_id', 'campaign_name'], 'said': [
        {'kind': 'campaign', 'id': "nullif(campaign_id, '0')", 'name': 'campaign_name'},
    ]},
} -%}
{%- set words = {'name': 255, 'website': 2048} -%}

with

{% for relation, feed in feeds.items() -%}
    -- A name comes with each record of its feed: here it is only once, with its last time.
    {{ relation | replace('stg_', '', 1) }} as (
        select
            {{ feed['columns'] | join(',\n            ') }},
            max({{ feed.get('at', 'pulled_at') }}) as said_at
        from {{ ref(relation) }}
        group by
            {{ feed['columns'] | join(', ') }}
    ),

{% endfor -%}

said as (
    {%- for relation, feed in feeds.items() -%}
        {%- set last_feed = loop.last %}
        {% for member in feed['said'] %}
            select
                cast('{{ member['kind'] }}' as varchar(20)) as kind,
                cast('{{ feed['network'] }}' as varchar(30)) as network_code,
                cast({{ member['id'] }} as varchar(128)) as source_id,
                {% for word, width in words.items() %}
                    {% if word in member %}
                        cast(
                            nullif(trim(substring({{ member[word] }}, 1, {{ width }})), '')
                            as varchar({{ width }})
                        ) as {{ word }},
                    {% else %}
                        cast(null as varchar({{ width }})) as {{ word }},
                    {% endif %}
                {% endfor %}
                said_at
            from {{ relation | replace('stg_', '', 1) }}
            where {{ member['id'] }} is not null
            {{ 'union all' if not (last_feed and loop.last) }}
        {% endfor %}
    {%- endfor %}
),

{% for word in words %}
    {{ word }}s as (
        select
            kind,
            network_code,
            source_id,
            {{ word }},
            row_number() over (
                partition by kind, network_code, source_id
                order by said_at desc, {{ dimension_key([word]) }}
            ) as place
        from said
        where {{ word }} is not null
    ),

{% endfor %}
members as (
    select distinct
        kind,
        network_code,
        source_id
    from said
    where name is not null or website is not null
),

final as (
    select
        members.kind,
        members.network_code,
        members.source_id,
        names.name,
        websites.website
    from members
    {% for word in words %}
        left join {{ word }}s
            on
                members.kind = {{ word }}s.kind
                and members.network_code = {{ word }}s.network_code
                and members.source_id = {{ word }}s.source_id
                and {{ word }}s.place = 1
    {% endfor %}
)

select * from final
