-- The star of clicks as one script for DuckDB, written by hand, without dbt: what the benchmark's part
-- `by_hand` measures our build against. It reads the raw tables of the loader and the seeds (the variable
-- `seeds` is their folder) and writes the same marts with the same rows into the schema `by_hand`; a test
-- compares every one of them with dbt's. It keeps nothing that an incremental run would need, knows no
-- other engine, and tests nothing. The calendar (dim_date, dim_date_relative) does not depend on the raw
-- tables and is left out on both sides.

create schema by_hand;

-- 60 bits of the md5 of a text; each part of a key is marked as value or null.
create temp macro part(value) as
    case
        when value is null then 'n:'
        else 'v:' || replace(replace(cast(value as varchar), '~', '~0'), '|', '~1')
    end;
create temp macro key_of(parts) as cast('0x' || substr(md5(parts), 1, 15) as bigint);
create temp macro moment(value) as strftime(value, '%Y-%m-%d %H:%M:%S.%f');
create temp macro host_of(url) as
    nullif(split_part(split_part(split_part(split_part(split_part(lower(url), '://', 2), '/', 1), '?', 1), '#', 1), ':', 1), '');
create temp macro parameter(query, name) as
    nullif(split_part(split_part('&' || query, '&' || name || '=', 2), '&', 1), '');
create temp macro affiliate(source, medium, campaign) as
    case when source is null and medium is null and campaign is null then 'affiliate' else medium end;

-- Seeds

create temp table channel_rules as from read_csv(getvariable('seeds') || '/channel_rules.csv', header = true, quote = '"', escape = '"');
create temp table channel_sources as from read_csv(getvariable('seeds') || '/channel_sources.csv', header = true, all_varchar = true);
create temp table channels as from read_csv(getvariable('seeds') || '/channels.csv', header = true, quote = '"', escape = '"');
create temp table click_rules as from read_csv(getvariable('seeds') || '/click_rules.csv', header = true);
create temp table countries as from read_csv(getvariable('seeds') || '/countries.csv', header = true, all_varchar = true);
create temp table currencies as from read_csv(getvariable('seeds') || '/currencies.csv', header = true);
create temp table networks as from read_csv(getvariable('seeds') || '/networks.csv', header = true);

-- Versions of master data, of all kinds at once: the fields of a record as a list of texts

create temp table versions as
with
history as (
    select 'advertiser' as kind, [code] as record, history_id, change_type, effective_from, recorded_at, _file_id, _line_number,
        [name, group_code, vertical, website_domain, country_code, cast(is_active as varchar), reporting_currency_code] as fields
    from raw.master_data__advertiser_history
    union all
    select 'partner', [code], history_id, change_type, effective_from, recorded_at, _file_id, _line_number,
        [name, partner_type, channel_code, website_domain, country_code, cast(is_active as varchar)]
    from raw.master_data__partner_history
    union all
    select 'program', [code], history_id, change_type, effective_from, recorded_at, _file_id, _line_number,
        [name, advertiser_code, network_code, cast(commission_rate as varchar), cast(cookie_days as varchar),
            cast(lock_days as varchar), currency_code, time_zone, cast(is_active as varchar)]
    from raw.master_data__program_history
    union all
    select 'campaign', [code], history_id, change_type, effective_from, recorded_at, _file_id, _line_number,
        [name, advertiser_code, objective, cast(starts_on as varchar), cast(ends_on as varchar), cast(is_active as varchar)]
    from raw.master_data__campaign_history
    union all
    select 'advertiser_group', [code], history_id, change_type, effective_from, recorded_at, _file_id, _line_number,
        [name, cast(is_active as varchar)]
    from raw.master_data__advertiser_group_history
    union all
    select 'channel', [channel_code], 0, '+', timestamp '1900-01-01', timestamp '1900-01-01', 0, 0,
        [channel_name, parent_channel_code, cast(sort_order as varchar), cast(is_paid as varchar), description, 'true']
    from channels
    union all
    select 'channel', [code], history_id, change_type, effective_from, recorded_at, _file_id, _line_number,
        [name, parent_channel_code, cast(sort_order as varchar), cast(is_paid as varchar), description, cast(is_active as varchar)]
    from raw.master_data__channel_history
    union all
    select 'crosswalk', [kind, coalesce(network_code, 'none'), source_id], history_id, change_type,
        coalesce(effective_from, timestamp '1900-01-01'), recorded_at, _file_id, _line_number, [code]
    from raw.master_data__crosswalk_history
),
recorded as (
    select kind, record, history_id, change_type, fields,
        greatest(coalesce(effective_from, recorded_at), timestamp '1900-01-01') as effective_at
    from history
    qualify row_number() over (partition by kind, record, history_id order by _file_id, _line_number) = 1
),
compared as (
    select kind, record, history_id, change_type, fields,
        case
            when kind != 'crosswalk' and effective_at = first_value(effective_at) over recording then timestamp '1900-01-01'
            else effective_at
        end as effective_at,
        lag(fields) over living as previous_fields,
        lag(history_id) over living as previous_living_id,
        lag(change_type) over recording as previous_change_type
    from recorded
    window
        recording as (partition by kind, record order by history_id),
        living as (partition by kind, record, change_type = '-' order by history_id)
),
-- One row for each field of a change; the last field is whether the record is deleted.
settings as (
    select kind, record, history_id, effective_at, position,
        case when position > len(fields) then cast(change_type = '-' as varchar) else fields[position] end as value,
        case
            when position > len(fields)
                then change_type in ('+', '-') or previous_change_type is null or previous_change_type = '-'
            when previous_change_type is null then true
            when change_type = '-' then false
            when change_type = '+' or previous_living_id is null then true
            else fields[position] is distinct from previous_fields[position]
        end as sets
    from (select *, unnest(range(1, len(fields) + 2)) as position from compared)
),
running as (
    select kind, record, history_id, effective_at,
        list(value order by position) as fields
    from (
        select kind, record, history_id, effective_at, position,
            arg_max_null(value, history_id) filter (sets) over (
                partition by kind, record, position order by effective_at, history_id
                rows between unbounded preceding and current row
            ) as value
        from settings
        where (kind, record, history_id) in (select (kind, record, history_id) from settings where sets)
    )
    group by kind, record, history_id, effective_at
),
last_of_instant as (
    from running
    qualify row_number() over (partition by kind, record, effective_at order by history_id desc) = 1
),
changed as (
    from last_of_instant
    qualify fields is distinct from lag(fields) over (partition by kind, record order by effective_at)
)
select kind, record, fields, coalesce(fields[-1] = 'true', false) as is_deleted, effective_at as valid_from,
    coalesce(lead(effective_at) over validity, timestamp '9999-12-31') as valid_to,
    lead(effective_at) over validity is null as is_current,
    case
        when kind != 'crosswalk'
            then key_of(part(kind) || '|' || part(record[1]) || '|' || part(moment(effective_at)) || '|' || part('version'))
    end as version_key,
    case when kind != 'crosswalk' then key_of(part(kind) || '|' || part(record[1])) end as current_key
from changed
window validity as (partition by kind, record order by effective_at);

-- Clicks: one narrow pass finds the copies, the ids of members and the sources of traffic

create temp view requests as
select 'access_log' as source_name,
    md5(part(moment(requested_at)) || '|' || part(ip_hash) || '|' || part(remote_user_hash) || '|' || part(method) || '|'
        || part(path) || '|' || part(query) || '|' || part(protocol) || '|' || part(status_code) || '|' || part(response_bytes)
        || '|' || part(referrer_url) || '|' || part(user_agent)) as natural_id,
    true as is_numbered, requested_at as clicked_at, path, query, path || coalesce('?' || query, '') as landing_url, referrer_url,
    user_agent, ip_hash, null as cookie_hash, null as country_code, utm_source, utm_medium, utm_campaign, _file_id, _line_number
from raw.access_log__requests
union all
select 'cloudfront', request_id, false, requested_at, path, query,
    coalesce(scheme || '://' || host, '') || path || coalesce('?' || query, ''), referrer_url,
    user_agent, ip_hash, null, country_code, utm_source, utm_medium, utm_campaign, _file_id, _line_number
from raw.cloudfront__requests
union all
select 'alb',
    md5(part(trace_id) || '|' || part(moment(request_created_at)) || '|' || part(moment(responded_at)) || '|' || part(ip_hash)
        || '|' || part(url)),
    true, coalesce(request_created_at, responded_at), path, query, url, null,
    user_agent, ip_hash, null, null, utm_source, utm_medium, utm_campaign, _file_id, _line_number
from raw.alb__requests
union all
select 'snowplow', event_id, false, coalesce(derived_at, collected_at), page_urlpath, page_urlquery, page_url, page_referrer,
    user_agent, ip_hash, domain_user_hash, country_code, mkt_source, mkt_medium, mkt_campaign, _file_id, _line_number
from raw.snowplow__events
where event = 'page_view'
union all
select 'ga4',
    md5(part(user_pseudo_hash) || '|' || part(moment(event_timestamp)) || '|' || part(event_name) || '|' || part(batch_page_id)
        || '|' || part(batch_ordering_id) || '|' || part(batch_event_index)),
    false, event_timestamp,
    nullif(substr(split_part(split_part(page_location, '#', 1), '?', 1),
        length(split_part(split_part(split_part(page_location, '#', 1), '?', 1), '/', 1) || '//'
            || split_part(split_part(split_part(page_location, '#', 1), '?', 1), '/', 3)) + 1), ''),
    case
        when strpos(split_part(page_location, '#', 1), '?') > 0
            then nullif(substr(split_part(page_location, '#', 1), strpos(split_part(page_location, '#', 1), '?') + 1), '')
    end,
    page_location, page_referrer, null, null, user_pseudo_hash, countries.country_code, coalesce(collected_source, event_source),
    coalesce(collected_medium, event_medium), coalesce(collected_campaign, event_campaign), _file_id, _line_number
from raw.ga4__events
left join countries on raw.ga4__events.country_name = countries.country_name
where event_name = 'page_view';

-- Requests that are clicks: few of many, so they are kept.
create temp table clicks_of_logs as
with
matched as (
    select requests.*,
        min(rules.rule_id) as rule_id,
        max(case when rules.field = 'path' then rules.value end) as link_prefix
    from requests
    inner join click_rules as rules
        on rules.source_name in ('*', requests.source_name)
        and case
            when rules.field = 'path' and rules.match = 'prefix' then left(path, length(rules.value)) = rules.value
            when rules.field = 'query' and rules.match = 'prefix' then strpos('&' || query, '&' || rules.value) > 0
            when rules.field = 'query' and rules.match = 'parameter' then strpos('&' || query, '&' || rules.value || '=') > 0
            else false
        end
    group by all
),
numbered as (
    select *,
        row_number() over (partition by _file_id, natural_id order by _line_number) as occurrence,
        split_part(substr(path, length(link_prefix) + 1), '/', 1) as link_network,
        split_part(substr(path, length(link_prefix) + 1), '/', 2) as link_advertiser
    from matched
),
linked as (
    select numbered.*, rules.value_is, rules.value,
        coalesce(length(link_network) between 1 and 30 and length(link_advertiser) between 1 and 128, false) as is_own
    from numbered
    inner join click_rules as rules on numbered.rule_id = rules.rule_id
)
select source_name,
    natural_id || case when is_numbered then '-' || occurrence else '' end as event_id,
    clicked_at,
    case when is_own then lower(link_network) end as network_code,
    case when is_own then link_advertiser end as advertiser_id,
    case when is_own then left(parameter(query, 'pid'), 128) end as partner_id,
    case when is_own then left(parameter(query, 'prog'), 128) end as program_id,
    case when is_own then left(parameter(query, 'cid'), 128) end as campaign_id,
    case when is_own then left(parameter(query, 'crid'), 128) end as creative_id,
    left(case when value_is = 'sub_id' then parameter(query, value) end, 512) as sub_id,
    left(landing_url, 8192) as landing_url, referrer_url, user_agent, ip_hash, cookie_hash, country_code, utm_source,
    case when is_own then affiliate(utm_source, utm_medium, utm_campaign) else utm_medium end as utm_medium,
    utm_campaign, _file_id as file_id, _line_number as line_number
from linked;

create temp view clicks as
select source_name, event_id, clicked_at, network_code, advertiser_id, partner_id, program_id, campaign_id, creative_id, sub_id,
    landing_url, referrer_url, user_agent, ip_hash, cookie_hash, country_code, utm_source, utm_medium, utm_campaign,
    cast(null as decimal(18, 6)) as cost_amount, null as currency_code, file_id, line_number
from clicks_of_logs
union all
select 'redirector', event_id, clicked_at, lower(network_code), advertiser_id, partner_id, program_id, campaign_id, creative_id,
    sub_id, landing_url, referrer_url, user_agent, ip_hash, cookie_hash, upper(country_code), utm_source,
    case when network_code is null then utm_medium else affiliate(utm_source, utm_medium, utm_campaign) end, utm_campaign,
    cost_amount, upper(currency_code), _file_id, _line_number
from raw.redirector__clicks
union all
select 'impact', part(click_id) || '|' || part(moment(clicked_at)) || '|' || part(ad_id), clicked_at, 'impact',
    'program:' || coalesce(program_id, campaign_id), media_id, coalesce(program_id, campaign_id), null, ad_id,
    coalesce(sub_id_1, shared_id), landing_page_url, referring_url, null, ip_hash, profile_hash, upper(country_code), utm_source,
    affiliate(utm_source, utm_medium, utm_campaign), utm_campaign, null, null, _file_id, _line_number
from raw.impact__clicks
union all
select 'everflow', transaction_id, clicked_at, 'everflow', network_advertiser_id, network_affiliate_id, network_offer_id,
    nullif(network_campaign_id, '0'), nullif(creative_id, '0'), sub1, url, referer, user_agent, ip_hash, null, upper(country_code),
    utm_source, affiliate(utm_source, utm_medium, utm_campaign), utm_campaign,
    case when left(payout_type, 3) = 'cpc' then payout end, case when left(payout_type, 3) = 'cpc' then upper(currency_code) end,
    _file_id, _line_number
from raw.everflow__clicks
where not coalesce(is_view_through, false)
union all
select 'partnerize', clickref, clicked_at, 'partnerize', 'program:' || campaign_id, publisher_id, campaign_id, null,
    nullif(creative_id, '0'), publisher_reference, null, referer, null, ip_hash, null, null, null, 'affiliate', null, null, null,
    _file_id, _line_number
from raw.partnerize__clicks;

create temp macro source_of(utm_source, utm_medium, host) as
    case
        when utm_source is not null then lower(utm_source)
        when utm_medium is not null then '(not set)'
        when host like 'www.%' then substr(host, 5)
        else coalesce(host, '(direct)')
    end;
create temp macro medium_of(utm_source, utm_medium, host) as
    case
        when utm_medium is not null then lower(utm_medium)
        when utm_source is not null then '(not set)'
        when host is not null then 'referral'
        else '(none)'
    end;

-- Copies of a click: the earliest counts. Few clicks came twice, so only those are put in order.
create temp table received as
select key_of(part(source_name) || '|' || part(event_id)) as click_id, file_id, line_number, clicked_at
from clicks;

create temp table redundant as
select file_id, line_number
from received
where click_id in (select click_id from received group by click_id having count(*) > 1)
qualify row_number() over (partition by click_id order by clicked_at, file_id, line_number) > 1;

drop table received;

create temp table traffic_sources as
select distinct coalesce(network_code, 'none') as network_code,
    source_of(utm_source, utm_medium, host_of(referrer_url)) as source,
    medium_of(utm_source, utm_medium, host_of(referrer_url)) as medium,
    coalesce(lower(utm_campaign), '(not set)') as campaign
from (select distinct network_code, utm_source, utm_medium, utm_campaign, referrer_url from clicks);

create temp table assigned as
with
combinations as (select distinct source, medium, campaign from traffic_sources),
parents as (
    select distinct source, substr(source, position('.' in source) + 1) as parent,
        substr(parent, position('.' in parent) + 1) as grandparent
    from combinations
),
categorised as (
    select parents.source, coalesce(own.source_category, above.source_category, top.source_category) as source_category
    from parents
    left join channel_sources as own on parents.source = own.site
    left join channel_sources as above on parent = above.site and parent like '%.%'
    left join channel_sources as top on grandparent = top.site and grandparent like '%.%'
),
patterns(pattern, expression) as (
    values
        ('affiliate', '^affiliate$'), ('audio', '^audio$'),
        ('display', '^(display|banner|expandable|interstitial|cpm)$'), ('email', '^(email|e-mail|e_mail|e mail)$'),
        ('none', '^[(](not set|none)[)]$'), ('organic', '^organic$'), ('paid', '^(.*cp.*|ppc|retargeting|paid.*)$'),
        ('push', '(push$|mobile|notification)'), ('referral', '^(referral|app|link)$'), ('sms', '^sms$'),
        ('social', '^(social|social-network|social-media|sm|social network|social media)$'), ('video', '^(.*video.*)$'),
        ('cross_network', 'cross-network'), ('shopping', '^(.*(([^a-df-z]|^)shop|shopping).*)$')
)
select combinations.source, combinations.medium, combinations.campaign,
    key_of(part('channel') || '|' || part(arg_min(channel_code, priority))) as channel_current_key,
    arg_min(yields_to_partner, priority) as yields_to_partner
from combinations
inner join categorised on combinations.source = categorised.source
inner join channel_rules as rules on rules.source_category is null or rules.source_category = categorised.source_category
left join patterns as mediums on rules.medium_pattern = mediums.pattern
left join patterns as campaigns on rules.campaign_pattern = campaigns.pattern
where (rules.medium_pattern is null or regexp_matches(combinations.medium, mediums.expression))
    and (rules.campaign_pattern is null or regexp_matches(combinations.campaign, campaigns.expression))
group by combinations.source, combinations.medium, combinations.campaign;

create temp table members as
with
ids as (
    select distinct coalesce(network_code, 'none') as network_code, advertiser_id, partner_id, program_id, campaign_id, creative_id
    from clicks
),
seen as (
    select distinct kind, network_code, source_id
    from (
        select network_code, unnest(['advertiser', 'partner', 'program', 'campaign', 'creative']) as kind,
            unnest([advertiser_id, partner_id, program_id, campaign_id, creative_id]) as source_id
        from ids
    )
    where source_id is not null
    union
    -- A network's own report and a line of cost name ids as well.
    select kind, network_code, source_id
    from (
        select coalesce(network_code, 'none') as network_code, unnest(['advertiser', 'partner', 'program', 'campaign']) as kind,
            unnest([advertiser_source_id, partner_source_id, program_source_id, campaign_source_id]) as source_id
        from raw.costs__cost_lines
        union all
        select network_code, unnest(['advertiser', 'partner', 'program']),
            unnest([advertiser_source_id, partner_source_id, program_source_id])
        from raw.network_reports__daily
    )
    where source_id is not null
    union
    select record[1], record[2], record[3] from versions where kind = 'crosswalk'
),
mapped as (
    select crosswalk.record[1] as kind, crosswalk.record[2] as network_code, crosswalk.record[3] as source_id,
        master.version_key as member_key, master.current_key, channels.current_key as channel_current_key,
        greatest(crosswalk.valid_from, master.valid_from) as valid_from, least(crosswalk.valid_to, master.valid_to) as valid_to
    from versions as crosswalk
    inner join versions as master
        on crosswalk.record[1] = master.kind and crosswalk.fields[1] = master.record[1]
        and crosswalk.valid_from < master.valid_to and crosswalk.valid_to > master.valid_from
    left join (from versions where kind = 'channel' and is_current) as channels
        on master.kind = 'partner' and master.fields[3] = channels.record[1]
    where crosswalk.kind = 'crosswalk' and not crosswalk.is_deleted
),
gaps as (
    select seen.kind, seen.network_code, seen.source_id, timestamp '1900-01-01' as valid_from,
        coalesce(min(mapped.valid_from), timestamp '9999-12-31') as valid_to
    from seen
    left join mapped
        on seen.kind = mapped.kind and seen.network_code = mapped.network_code and seen.source_id = mapped.source_id
    group by all
    union all
    select kind, network_code, source_id, valid_to,
        coalesce(lead(valid_from) over (partition by kind, network_code, source_id order by valid_from), timestamp '9999-12-31')
    from mapped
)
select kind, network_code, source_id, member_key, current_key, channel_current_key, true as is_mapped, valid_from, valid_to
from mapped
union all
select kind, network_code, source_id, key_of(part(kind) || '|' || part(network_code) || '|' || part(source_id)) as own_key, own_key,
    null, false, valid_from, valid_to
from gaps
where valid_from < valid_to;

-- Dimensions

create table by_hand.dim_network as
with codes as (
    select network_code from networks
    union select network_code from traffic_sources
    union select network_code from raw.costs__cost_lines where network_code is not null
    union select network_code from raw.payments__received
    union select network_code from raw.network_reports__daily
    union select network_code from members
    union select fields[3] from versions where kind = 'program' and fields[3] is not null
)
select key_of(part(codes.network_code)) as network_key, codes.network_code,
    coalesce(networks.network_name, codes.network_code) as network_name,
    networks.network_code is not null as is_listed, networks.is_active
from codes
left join networks on codes.network_code = networks.network_code
union all
select -1, null, 'Unknown', false, null;

create table by_hand.dim_country as
select key_of(part(country_code)) as country_key, country_code, country_name, region_name from countries
union all
select -1, null, 'Unknown', 'Unknown';

create table by_hand.dim_currency as
select key_of(part(currency_code)) as currency_key, currency_code, currency_name, cast(minor_units as integer) as minor_units,
    is_active
from currencies
union all
select -1, null, 'Unknown', null, null;

create table by_hand.dim_channel as
with tree as (
    select record[1] as code, fields[1] as name, fields[2] as parent from versions where kind = 'channel' and is_current
)
select version_key as channel_key, current_key as channel_current_key, record[1] as channel_code,
    coalesce(fields[1], record[1]) as channel_name, fields[2] as parent_channel_code,
    coalesce(third.name, second.name, above.name, fields[1], record[1]) as channel_group_name, fields[5] as channel_description,
    1 + (above.code is not null)::integer + (second.code is not null)::integer + (third.code is not null)::integer as channel_level,
    coalesce(cast(fields[3] as integer), 998) as sort_order, cast(fields[4] as boolean) as is_paid,
    cast(fields[6] as boolean) as is_active, is_current, is_deleted, valid_from, valid_to
from versions
left join tree as above on fields[2] = above.code and above.code != record[1]
left join tree as second on above.parent = second.code and second.code not in (record[1], above.code)
left join tree as third on second.parent = third.code and third.code not in (record[1], above.code, second.code)
where kind = 'channel'
union all
select -1, -1, null, 'Unknown', null, 'Unknown', null, 1, 999, null, null, true, false, timestamp '1900-01-01',
    timestamp '9999-12-31';

create table by_hand.dim_time_of_day as
select cast(minute as integer) as time_of_day_key,
    format('{:02d}:{:02d}', hour, rest) as time_name,
    format('{}:{:02d} {}', half_day_hour, rest, half_day) as time_12_hour_name,
    format('{:02d}:00-{:02d}:59', hour, hour) as hour_name,
    format('{} {}', half_day_hour, half_day) as hour_12_hour_name,
    format('{:02d}:{:02d}-{:02d}:{:02d}', hour, rest // 30 * 30, hour, rest // 30 * 30 + 29) as half_hour_name,
    format('{:02d}:{:02d}-{:02d}:{:02d}', hour, rest // 15 * 15, hour, rest // 15 * 15 + 14) as quarter_hour_name,
    half_day as half_day_name,
    ['Night', 'Morning', 'Afternoon', 'Evening'][hour // 6 + 1] as day_part_name,
    cast(hour as integer) as hour_of_day,
    cast(half_day_hour as integer) as hour_of_half_day,
    cast(rest as integer) as minute_of_hour,
    cast(minute // 30 * 30 as integer) as half_hour_start_minute,
    cast(minute // 15 * 15 as integer) as quarter_hour_start_minute
from (
    select range as minute, range // 60 as hour, range % 60 as rest, (hour + 11) % 12 + 1 as half_day_hour,
        case when hour < 12 then 'AM' else 'PM' end as half_day
    from range(1440)
);

create temp macro own_members(the_kind) as table
select distinct members.member_key, members.network_code, members.source_id,
    coalesce(networks.network_name, members.network_code) || ' ' || the_kind || ' ' || members.source_id as member_name
from members
left join networks on members.network_code = networks.network_code
where members.kind = the_kind and not members.is_mapped;

create table by_hand.dim_advertiser as
select version_key as advertiser_key, current_key as advertiser_current_key, record[1] as advertiser_code,
    fields[1] as advertiser_name, cast(null as varchar) as network_code, cast(null as varchar) as source_id, fields[5] as country_code, fields[2] as group_code,
    coalesce(groups.name, fields[2]) as group_name,
    fields[3] as vertical, fields[4] as website_domain, true as is_mapped, cast(fields[6] as boolean) as is_active, is_current,
    is_deleted, valid_from, valid_to, fields[7] as reporting_currency_code
from versions
left join (
    select record[1] as code, fields[1] as name from versions where kind = 'advertiser_group' and is_current
) as groups on fields[2] = groups.code
where kind = 'advertiser'
union all
select member_key, member_key, null, member_name, network_code, source_id, null, null, null, null, null, false, null, true, false,
    timestamp '1900-01-01', timestamp '9999-12-31', null
from own_members('advertiser')
union all
select -1, -1, null, 'Unknown', null, null, null, null, null, null, null, false, null, true, false, timestamp '1900-01-01',
    timestamp '9999-12-31', null;

create table by_hand.dim_partner as
select version_key as partner_key, current_key as partner_current_key, record[1] as partner_code,
    fields[1] as partner_name, cast(null as varchar) as network_code,
    cast(null as varchar) as source_id, fields[3] as channel_code, fields[5] as country_code, fields[2] as partner_type,
    fields[4] as website_domain, true as is_mapped, cast(fields[6] as boolean) as is_active, is_current, is_deleted, valid_from,
    valid_to
from versions
where kind = 'partner'
union all
select member_key, member_key, null, member_name, network_code, source_id, null, null, null, null, false, null, true, false,
    timestamp '1900-01-01', timestamp '9999-12-31'
from own_members('partner')
union all
select -1, -1, null, 'Unknown', null, null, null, null, null, null, false, null, true, false, timestamp '1900-01-01',
    timestamp '9999-12-31';

create table by_hand.dim_program as
select version_key as program_key, current_key as program_current_key, record[1] as program_code,
    fields[1] as program_name, fields[3] as network_code,
    cast(null as varchar) as source_id, fields[2] as advertiser_code, fields[7] as currency_code, fields[8] as time_zone,
    cast(fields[4] as decimal(9, 6)) as commission_rate, cast(fields[5] as integer) as cookie_days,
    cast(fields[6] as integer) as lock_days, true as is_mapped, cast(fields[9] as boolean) as is_active, is_current, is_deleted,
    valid_from, valid_to
from versions
where kind = 'program'
union all
select member_key, member_key, null, member_name, network_code, source_id, null, null, null, null, null, null, false, null, true, false,
    timestamp '1900-01-01', timestamp '9999-12-31'
from own_members('program')
union all
select -1, -1, null, 'Unknown', null, null, null, null, null, null, null, null, false, null, true, false, timestamp '1900-01-01',
    timestamp '9999-12-31';

create table by_hand.dim_campaign as
select version_key as campaign_key, current_key as campaign_current_key, record[1] as campaign_code,
    fields[1] as campaign_name, cast(null as varchar) as network_code,
    cast(null as varchar) as source_id, fields[2] as advertiser_code, fields[3] as objective, true as is_mapped,
    cast(fields[6] as boolean) as is_active, is_current, is_deleted, cast(fields[4] as date) as starts_on,
    cast(fields[5] as date) as ends_on, valid_from, valid_to
from versions
where kind = 'campaign'
union all
select member_key, member_key, null, member_name, network_code, source_id, null, null, false, null, true, false, null, null,
    timestamp '1900-01-01', timestamp '9999-12-31'
from own_members('campaign')
union all
select -1, -1, null, 'Unknown', null, null, null, null, false, null, true, false, null, null, timestamp '1900-01-01',
    timestamp '9999-12-31';

-- Of each record the version that is valid last, with the durable key first.
create table by_hand.dim_advertiser_current as
select advertiser_current_key, * exclude (advertiser_current_key, is_current, valid_from, valid_to) from by_hand.dim_advertiser where is_current;
create table by_hand.dim_partner_current as
select partner_current_key, * exclude (partner_current_key, is_current, valid_from, valid_to) from by_hand.dim_partner where is_current;
create table by_hand.dim_program_current as
select program_current_key, * exclude (program_current_key, is_current, valid_from, valid_to) from by_hand.dim_program where is_current;
create table by_hand.dim_campaign_current as
select campaign_current_key, * exclude (campaign_current_key, is_current, valid_from, valid_to) from by_hand.dim_campaign where is_current;
create table by_hand.dim_channel_current as
select channel_current_key, * exclude (channel_current_key, is_current, valid_from, valid_to) from by_hand.dim_channel where is_current;

create table by_hand.dim_creative as
select member_key as creative_key, member_name as creative_name, network_code, source_id from own_members('creative')
union all
select -1, 'Unknown', null, null;

-- Facts

create table by_hand.fct_clicks as
select
    key_of(part(clicks.source_name) || '|' || part(clicks.event_id)) as click_id,
    cast(extract(year from clicks.clicked_at) * 10000 + extract(month from clicks.clicked_at) * 100
        + extract(day from clicks.clicked_at) as integer) as date_key,
    cast(extract(hour from clicks.clicked_at) * 60 + extract(minute from clicks.clicked_at) as integer) as time_of_day_key,
    coalesce(advertisers.member_key, -1) as advertiser_key,
    coalesce(partners.member_key, -1) as partner_key,
    coalesce(programs.member_key, -1) as program_key,
    coalesce(campaigns.member_key, -1) as campaign_key,
    coalesce(creatives.member_key, -1) as creative_key,
    coalesce(channel_versions.version_key, -1) as channel_key,
    coalesce(advertisers.current_key, -1) as advertiser_current_key,
    coalesce(partners.current_key, -1) as partner_current_key,
    coalesce(programs.current_key, -1) as program_current_key,
    coalesce(campaigns.current_key, -1) as campaign_current_key,
    coalesce(channel_versions.current_key, -1) as channel_current_key,
    coalesce(dim_network.network_key, -1) as network_key,
    coalesce(devices.device_key, -1) as device_key,
    coalesce(dim_country.country_key, -1) as country_key,
    case
        when clicks.cookie_hash is not null then key_of(part(clicks.cookie_hash))
        when clicks.ip_hash is not null then key_of(part(clicks.ip_hash) || '|' || part(clicks.user_agent))
    end as visitor_id,
    clicks.source_name, clicks.referrer_host, clicks.landing_url, clicks.sub_id, clicks.cost_amount, clicks.currency_code,
    clicks.file_id, clicks.line_number, cast(clicks.clicked_at as date) as clicked_date, clicks.clicked_at
from (
    select clicks.* replace (coalesce(network_code, 'none') as network_code), host_of(referrer_url) as referrer_host,
        source_of(utm_source, utm_medium, host_of(referrer_url)) as channel_source,
        medium_of(utm_source, utm_medium, host_of(referrer_url)) as channel_medium,
        coalesce(lower(utm_campaign), '(not set)') as channel_campaign
    from clicks
    anti join redundant on clicks.file_id = redundant.file_id and clicks.line_number = redundant.line_number
) as clicks
left join (from members where kind = 'advertiser') as advertisers
    on clicks.network_code = advertisers.network_code and clicks.advertiser_id = advertisers.source_id
    and clicks.clicked_at >= advertisers.valid_from and clicks.clicked_at < advertisers.valid_to
left join (from members where kind = 'partner') as partners
    on clicks.network_code = partners.network_code and clicks.partner_id = partners.source_id
    and clicks.clicked_at >= partners.valid_from and clicks.clicked_at < partners.valid_to
left join (from members where kind = 'program') as programs
    on clicks.network_code = programs.network_code and clicks.program_id = programs.source_id
    and clicks.clicked_at >= programs.valid_from and clicks.clicked_at < programs.valid_to
left join (from members where kind = 'campaign') as campaigns
    on clicks.network_code = campaigns.network_code and clicks.campaign_id = campaigns.source_id
    and clicks.clicked_at >= campaigns.valid_from and clicks.clicked_at < campaigns.valid_to
left join (from members where kind = 'creative') as creatives
    on clicks.network_code = creatives.network_code and clicks.creative_id = creatives.source_id
    and clicks.clicked_at >= creatives.valid_from and clicks.clicked_at < creatives.valid_to
left join assigned
    on clicks.channel_source = assigned.source and clicks.channel_medium = assigned.medium
    and clicks.channel_campaign = assigned.campaign
left join (from versions where kind = 'channel') as channel_versions
    on case
        when assigned.yields_to_partner then coalesce(partners.channel_current_key, assigned.channel_current_key)
        else assigned.channel_current_key
    end = channel_versions.current_key
    and clicks.clicked_at >= channel_versions.valid_from and clicks.clicked_at < channel_versions.valid_to
left join (
    select user_agent, key_of(part(device_type) || '|' || part(os_family) || '|' || part(browser_family)) as device_key
    from raw._user_agents
) as devices on clicks.user_agent = devices.user_agent
left join by_hand.dim_network on clicks.network_code = dim_network.network_code
left join by_hand.dim_country on clicks.country_code = dim_country.country_code;

-- Of the user agents that the loader knows, those that clicks came from.
create table by_hand.dim_device as
select distinct key_of(part(device_type) || '|' || part(os_family) || '|' || part(browser_family)) as device_key, device_type,
    os_family, browser_family
from raw._user_agents
where device_key in (select device_key from by_hand.fct_clicks)
union all
select -1, 'unknown', 'Unknown', 'Unknown';

create table by_hand.fct_daily_performance as
select
    key_of(part(date_key) || '|' || part(partner_key) || '|' || part(advertiser_key) || '|' || part(program_key) || '|'
        || part(campaign_key) || '|' || part(channel_key) || '|' || part(device_key) || '|' || part(country_key))
        as daily_performance_key,
    *
from (
    select date_key, partner_key, advertiser_key, program_key, campaign_key, channel_key, device_key, country_key,
        count(*) as clicks
    from by_hand.fct_clicks
    group by all
);
