"""How each source writes a record: SQL that turns an event into one line of text of its file.

Field names and shapes are the vendors'. A `Format` names the file, the line and, for a document,
what stands before and after the rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

OWN_HOST = "www.deals.example"


@dataclass(frozen=True)
class Format:
    """One way in which a source writes a file."""

    suffix: str
    line: str
    """SQL of a record's line from the columns of table `record`."""
    header: Sequence[str] = ()
    """Lines before the first record that are not records."""
    document: tuple[str, str] | None = None
    """What encloses the rows when the file is one JSON document."""
    damage: Sequence[str] = ()
    """SQL of broken lines from column `line`; the nth is used for damage number n."""
    columns: str | None = None
    """SQL of the select list of a Parquet file; no line then."""


@dataclass(frozen=True)
class Source:
    """A landing folder: its share of the clicks and how its files come about."""

    name: str
    share: float
    scope: str
    """Which placements its clicks are on: `any`, `tagged` (with utm parameters) or a network."""
    file_name: Callable[[dt.date], str]
    format_of: Callable[[int], Format]
    """The format of the nth file."""
    event_id: str | None
    """SQL of the event's identity inside the source; none where only the line tells."""
    page_views: float = 0.0
    """Records that are not clicks, per click."""
    always_daily: bool = False
    redelivers: bool = True
    """Single events come late or twice (a log only ever comes as a whole file)."""
    ipv4_only: bool = False
    brief: bool = False
    """Its lines need none of the descriptive columns."""
    visitor: str = "concat('address ', ip, ' ', user_agent)"
    """SQL of what its records tell of the visitor."""
    signal: str = "null"
    """SQL of the signal (see `events.SIGNALS`) that its records show."""
    has_address: bool = True
    """Its records tell from which network the visitor came."""
    replays: bool = False
    """Somebody repeats its clicks' records from other addresses."""
    names_network: str = "true"
    """SQL of whether its record of a click says through which network it went."""
    journeys: bool = False
    """It also sees where some visitors go whom our own link tracker sends."""


def json_line(fields: dict[str, str], extra: str = "") -> str:
    """SQL of a JSON object with these fields (name to SQL), in their order."""
    pairs = ", ".join(f"'{name}': {sql}" for name, sql in fields.items())
    return f"to_json({{{pairs}{extra}}})::varchar"


def joined(*pieces: str) -> str:
    """SQL of pieces put together; concat is several times faster than a chain of `||`."""
    return f"concat({', '.join(pieces)})"


def tabbed(fields: Sequence[str]) -> str:
    """SQL of fields (none of them null) with tabs between them."""
    return f"concat_ws(chr(9), {', '.join(fields)})"


def csv_field(sql: str) -> str:
    """SQL of a quoted CSV field; null becomes an empty field."""
    return f"coalesce('\"' || replace({sql}, '\"', '\"\"') || '\"', '')"


def log_text(sql: str) -> str:
    """SQL of a text in a log: a dash when there is none."""
    return f"coalesce({sql}, '-')"


CUT_LINE = "left(line, (length(line) * 0.6)::int)"
NOT_A_RECORD = "'upstream connect error or disconnect/reset before headers'"
ISO_MS = "strftime(clicked_at, '%Y-%m-%dT%H:%M:%S.%gZ')"
DASHED_ID = (
    "left(event_hex, 8) || '-' || substr(event_hex, 9, 4) || '-4' || substr(event_hex, 14, 3)"
    " || '-a' || substr(event_hex, 18, 3) || '-' || substr(event_hex, 21, 12)"
)
DASHED_VISITOR = (
    "left(visitor_hex, 8) || '-' || substr(visitor_hex, 9, 4) || '-4' || substr(visitor_hex, 14, 3)"
    " || '-b' || substr(visitor_hex, 18, 3) || '-' || substr(visitor_hex, 21, 12)"
)

# ------------------------------------------------------------------ our own link tracker
OWN_AGENT = "case when signal is distinct from 'no_agent' then user_agent end"
ISO_VIEWED = "strftime(page_viewed_at, '%Y-%m-%dT%H:%M:%S.%gZ')"
REDIRECTOR = {
    "event_id": "event_hex",
    "event_time": ISO_MS,
    "network": "network",
    "advertiser_id": "advertiser_id",
    "partner_id": "partner_id",
    "program_id": "program_id",
    "campaign_id": "campaign_id",
    "creative_id": "creative_id",
    "sub_id": "sub_id",
    "landing_url": (
        "case when signal = 'staff' then"
        " concat(landing_url, if(contains(landing_url, '?'), '&', '?'), 'staff=1')"
        " else landing_url end"
    ),
    "referrer_url": "referrer_url",
    "user_agent": OWN_AGENT,
    "ip": "ip",
    "country": "country",
    "cookie_id": "case when has_cookie then visitor_hex end",
    "cpc": "cpc",
    "currency": "currency",
    "request_method": "if(signal is not distinct from 'head', 'HEAD', 'GET')",
    "request_purpose": (
        "case when signal = 'prefetch'"
        " then if(serve_draw % 3 = 0, 'prefetch;prerender', 'prefetch') end"
    ),
    "page_viewed_at": ISO_VIEWED,
    "is_test": "if(signal is not distinct from 'test', 'true', null)",
}
QUOTED = {"landing_url", "referrer_url", "user_agent", "sub_id"}


def _redirector_csv(extra_column: bool) -> Format:
    fields = [
        csv_field(sql) if name in QUOTED else f"coalesce({sql}, '')"
        for name, sql in REDIRECTOR.items()
    ]
    names = list(REDIRECTOR)
    if extra_column:
        names.append("consent_state")
        fields.append("case when has_cookie then 'granted' else 'denied' end")
    return Format(
        suffix=".csv.gz",
        line=f"concat_ws(',', {', '.join(fields)})",
        header=[",".join(names)],
        damage=[
            "split_part(line, ',', 1) || ',' || split_part(line, ',', 2)",
            "replace(line, 'T', ' at noon ')",
            "line || ',surplus,surplus'",
        ],
    )


def redirector_format(number: int) -> Format:
    """Mostly NDJSON; some days CSV, Parquet or another compression."""
    if number % 17 == 5:
        return _redirector_csv(extra_column=number % 34 == 22)
    if number % 17 == 11:
        fields = REDIRECTOR | {
            "event_time": "clicked_at",
            "cpc": "cpc::decimal(12, 4)",
            "page_viewed_at": "page_viewed_at",
            "is_test": "signal is not distinct from 'test'",
        }
        return Format(
            suffix=".parquet",
            line="",
            columns=", ".join(f"{sql} as {name}" for name, sql in fields.items()),
        )
    # A tracker release that writes one more field on some days.
    fields = REDIRECTOR | {"cpc": "cpc::decimal(12, 4)"}
    extra = ", 'ab_test': if(serve_draw % 2 = 0, 'A', 'B')" if number % 23 == 3 else ""
    return Format(
        suffix=".ndjson.zst" if number % 40 == 20 else ".ndjson.gz",
        line=json_line(fields, extra),
        damage=[
            CUT_LINE,
            """replace(line, '"event_time":"', '"event_time":"about ')""",
            """replace(line, '"event_id":"' || event_hex || '"', '"event_id":null')""",
        ],
    )


# ------------------------------------------------------------------ web servers
TAG_QUERY = "split_part(landing_url, '?', 2)"
LINK_QUERY = (
    "'pid=' || partner_id || '&prog=' || program_id || coalesce('&cid=' || campaign_id, '')"
    " || coalesce('&crid=' || creative_id, '') || coalesce('&subid=' || sub_id, '')"
)
# A page of ours without any click in it, or a click: our two link paths or a tagged landing page.
PAGE_PATH = (
    "case serve_draw % 6 when 0 then '/' when 1 then '/about' when 2 then '/assets/site.css'"
    " when 3 then '/search' when 4 then '/robots.txt'"
    " else '/reviews/' || (serve_draw // 6 % 400)::varchar end"
)
IS_TAGGED_PAGE = "(utm_source is not null and link_style >= 70)"
PATH = (
    f"case when record_kind = 'page' then {PAGE_PATH}"
    f" when {IS_TAGGED_PAGE}"
    " then '/offers/' || (serve_draw % 300)::varchar"
    " when link_style % 7 < 5 then '/go/' || network || '/' || advertiser_id"
    " else '/out/' || network || '/' || advertiser_id end"
)
QUERY = (
    "case when record_kind = 'page' then"
    " case when serve_draw % 6 = 3 then 'q=shoes%20size%20' || (serve_draw // 6 % 40)::varchar end"
    f" when {IS_TAGGED_PAGE} then {TAG_QUERY}"
    f" else {LINK_QUERY} end"
)
STATUS = (
    "(case when record_kind = 'page' then case when serve_draw % 50 = 0 then 404"
    " when serve_draw % 31 = 0 then 304 else 200 end"
    f" when {IS_TAGGED_PAGE} then 200 else 302 end)"
)
BYTES = (
    "case when record_kind = 'page' then 800 + serve_draw % 60000 else 300 + serve_draw % 200 end"
)
METHOD = "if(signal is not distinct from 'head', 'HEAD', 'GET')"
HEAD_ONLY = "if(signal = 'head', 'head', null)"
WITH_QUERY = f"({PATH}) || coalesce('?' || ({QUERY}), '')"


def access_log_format(_number: int) -> Format:
    """Apache/Nginx combined."""
    return Format(
        suffix=".log.gz",
        line=joined(
            "ip",
            "' - - ['",
            "strftime(clicked_at, '%d/%b/%Y:%H:%M:%S +0000')",
            "'] \"'",
            METHOD,
            "' '",
            WITH_QUERY,
            "' HTTP/1.1\" '",
            STATUS,
            "' '",
            f"case when {STATUS} = 304 then '-' else ({BYTES})::varchar end",
            "' \"'",
            log_text("referrer_url"),
            "'\" \"'",
            log_text("user_agent"),
            "'\"'",
        ),
        damage=["split_part(line, '\"', 1)", NOT_A_RECORD, "left(line, 20)"],
    )


CLOUDFRONT_FIELDS = {
    "date": "strftime(clicked_at, '%Y-%m-%d')",
    "time": "strftime(clicked_at, '%H:%M:%S')",
    "x-edge-location": (
        "case serve_draw % 3 when 0 then 'IAD89-C1' when 1 then 'LHR62-P2' else 'FRA56-P4' end"
    ),
    "sc-bytes": f"({BYTES})::varchar",
    "c-ip": "ip",
    "cs-method": METHOD,
    "cs(Host)": "'d111111abcdef8.cloudfront.net'",
    "cs-uri-stem": PATH,
    "sc-status": f"{STATUS}::varchar",
    "cs(Referer)": "referrer_url",
    "cs(User-Agent)": "replace(user_agent, ' ', '%2520')",
    "cs-uri-query": f"replace(({QUERY}), '%', '%25')",
    "cs(Cookie)": "null",
    "x-edge-result-type": "case when serve_draw % 4 = 0 then 'Miss' else 'Hit' end",
    "x-edge-request-id": "event_hex || '=='",
    "x-host-header": f"'{OWN_HOST}'",
    "cs-protocol": "'https'",
    "cs-bytes": "(200 + serve_draw % 300)::varchar",
    "time-taken": "'0.00' || (serve_draw % 9 + 1)::varchar",
    "x-forwarded-for": "null",
    "ssl-protocol": "'TLSv1.3'",
    "ssl-cipher": "'TLS_AES_128_GCM_SHA256'",
    "x-edge-response-result-type": "case when serve_draw % 4 = 0 then 'Miss' else 'Hit' end",
    "cs-protocol-version": "'HTTP/2.0'",
    "fle-status": "null",
    "fle-encrypted-fields": "null",
    "c-port": "(1024 + serve_draw % 60000)::varchar",
    "time-to-first-byte": "'0.00' || (serve_draw % 9 + 1)::varchar",
    "x-edge-detailed-result-type": "case when serve_draw % 4 = 0 then 'Miss' else 'Hit' end",
    "sc-content-type": "'text/html'",
    "sc-content-len": f"({BYTES})::varchar",
    "sc-range-start": "null",
    "sc-range-end": "null",
}
OLD_CLOUDFRONT_FIELDS = 26


def cloudfront_format(number: int) -> Format:
    """Standard log; the first files in the version with 26 columns, the later ones with 33."""
    names = list(CLOUDFRONT_FIELDS)[: OLD_CLOUDFRONT_FIELDS if number < 4 else None]
    return Format(
        suffix=".gz",
        line=tabbed([log_text(f"({CLOUDFRONT_FIELDS[name]})") for name in names]),
        header=["#Version: 1.0", "#Fields: " + " ".join(names)],
        damage=[
            "array_to_string(string_split(line, chr(9))[1:5], chr(9))",
            NOT_A_RECORD,
            "'20' || chr(9) || line",
        ],
    )


def alb_format(number: int) -> Format:
    """Application load balancer log; from the fourth file on with the connection trace id."""
    time = "strftime(clicked_at, '%Y-%m-%dT%H:%M:%S.%fZ')"
    target_group = (
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/demo/73e2d6bc24d8a067"
    )
    return Format(
        suffix=".log.gz",
        line=joined(
            "'https '",
            time,
            "' app/demo/50dc6c495c0c9188 '",
            "ip",
            "':'",
            "1024 + serve_draw % 60000",
            "' 10.0.0.'",
            "1 + serve_draw % 20",
            "':80 0.000 0.00'",
            "serve_draw % 9 + 1",
            "' 0.000 '",
            STATUS,
            "' '",
            STATUS,
            "' '",
            "200 + serve_draw % 300",
            "' '",
            BYTES,
            "' \"'",
            METHOD,
            f"' https://{OWN_HOST}:443'",
            WITH_QUERY,
            "' HTTP/1.1\" \"'",
            log_text("user_agent"),
            f"'\" TLS_AES_128_GCM_SHA256 TLSv1.3 {target_group} \"Root=1-'",
            "left(event_hex, 8)",
            "'-'",
            "substr(event_hex, 9, 24)",
            f'\'" "{OWN_HOST}" "session-reused" 0 \'',
            time,
            '\' "forward" "-" "-" "10.0.0.\'',
            "1 + serve_draw % 20",
            "':80\" \"'",
            STATUS,
            '\'" "-" "-"\'',
            *(("' TID_'", "event_hex") if number >= 3 else ()),
        ),
        damage=["split_part(line, '\"', 1)", NOT_A_RECORD, "left(line, 40)"],
    )


# ------------------------------------------------------------------ web analytics
SITE = "'https://www.' || advertiser_domain"
PAGE_URL = (
    f"case when record_kind = 'page' and journey_page = 0 then {SITE} || {PAGE_PATH}"
    " else landing_url end"
)
UTM = {
    name: f"case when record_kind = 'click' then utm_{name} end"
    for name in ("source", "medium", "campaign")
}

SNOWPLOW_COLUMNS = """
app_id platform etl_tstamp collector_tstamp dvce_created_tstamp event event_id txn_id name_tracker
v_tracker v_collector v_etl user_id user_ipaddress user_fingerprint domain_userid
domain_sessionidx network_userid geo_country geo_region geo_city geo_zipcode geo_latitude
geo_longitude geo_region_name ip_isp ip_organization ip_domain ip_netspeed page_url page_title
page_referrer page_urlscheme page_urlhost page_urlport page_urlpath page_urlquery page_urlfragment
refr_urlscheme refr_urlhost refr_urlport refr_urlpath refr_urlquery refr_urlfragment refr_medium
refr_source refr_term mkt_medium mkt_source mkt_term mkt_content mkt_campaign contexts se_category
se_action se_label se_property se_value unstruct_event tr_orderid tr_affiliation tr_total tr_tax
tr_shipping tr_city tr_state tr_country ti_orderid ti_sku ti_name ti_category ti_price ti_quantity
pp_xoffset_min pp_xoffset_max pp_yoffset_min pp_yoffset_max useragent br_name br_family br_version
br_type br_renderengine br_lang br_features_pdf br_features_flash br_features_java
br_features_director br_features_quicktime br_features_realplayer br_features_windowsmedia
br_features_gears br_features_silverlight br_cookies br_colordepth br_viewwidth br_viewheight
os_name os_family os_manufacturer os_timezone dvce_type dvce_ismobile dvce_screenwidth
dvce_screenheight doc_charset doc_width doc_height tr_currency tr_total_base tr_tax_base
tr_shipping_base ti_currency ti_price_base base_currency geo_timezone mkt_clickid mkt_network
etl_tags dvce_sent_tstamp refr_domain_userid refr_dvce_tstamp derived_contexts domain_sessionid
derived_tstamp event_vendor event_name event_format event_version event_fingerprint true_tstamp
""".split()
SNOWPLOW_TIME = "strftime({}, '%Y-%m-%d %H:%M:%S.%g')"
SNOWPLOW = {
    "app_id": "'shop'",
    "platform": "'web'",
    "etl_tstamp": SNOWPLOW_TIME.format("clicked_at + interval 95 second"),
    "collector_tstamp": SNOWPLOW_TIME.format("clicked_at"),
    "dvce_created_tstamp": SNOWPLOW_TIME.format("clicked_at - interval 1 second"),
    "event": "'page_view'",
    "event_id": DASHED_ID,
    "name_tracker": "'sp'",
    "v_tracker": "'js-3.24.0'",
    "v_collector": "'ssc-3.1.0-kinesis'",
    "v_etl": "'snowplow-enrich-kinesis-4.2.0'",
    "user_id": "login",
    "user_ipaddress": "ip",
    "domain_userid": f"case when has_cookie then {DASHED_VISITOR} end",
    "domain_sessionidx": "(1 + serve_draw % 9)::varchar",
    "network_userid": f"case when has_cookie then {DASHED_VISITOR} end",
    "geo_country": "country",
    "page_url": PAGE_URL,
    "page_title": "program_name",
    "page_referrer": "referrer_url",
    "page_urlscheme": "'https'",
    "page_urlhost": "'www.' || advertiser_domain",
    "page_urlport": "'443'",
    "page_urlpath": f"'/' || split_part(split_part({PAGE_URL}, '?', 1), '/', 4)",
    "page_urlquery": f"nullif(split_part({PAGE_URL}, '?', 2), '')",
    "refr_urlhost": "nullif(split_part(referrer_url, '/', 3), '')",
    "mkt_medium": UTM["medium"],
    "mkt_source": UTM["source"],
    "mkt_campaign": UTM["campaign"],
    "useragent": "user_agent",
    "br_name": "browser",
    "br_version": "nullif(browser_version, '')",
    "br_lang": "'en'",
    "br_cookies": "if(has_cookie, '1', '0')",
    "os_name": "os",
    "dvce_type": "device_type",
    "dvce_ismobile": "if(device_type in ('mobile', 'tablet'), '1', '0')",
    "doc_charset": "'UTF-8'",
    "dvce_sent_tstamp": SNOWPLOW_TIME.format("clicked_at"),
    "derived_tstamp": SNOWPLOW_TIME.format("clicked_at"),
    "event_vendor": "'com.snowplowanalytics.snowplow'",
    "event_name": "'page_view'",
    "event_format": "'jsonschema'",
    "event_version": "'1-0-0'",
    "event_fingerprint": "event_hex",
}


def snowplow_format(_number: int) -> Format:
    """Enriched events: 131 tab-separated columns without a header, empty where there is nothing."""
    fields = [f"coalesce({SNOWPLOW[c]}, '')" if c in SNOWPLOW else "''" for c in SNOWPLOW_COLUMNS]
    return Format(
        suffix=".tsv.gz",
        line=tabbed(fields),
        damage=[
            "array_to_string(string_split(line, chr(9))[1:20], chr(9))",
            "replace(line, event_hex, event_hex || chr(9))",
            NOT_A_RECORD,
        ],
    )


def _ga4_param(key: str, kind: str, sql: str) -> str:
    kinds = ("string_value", "int_value", "float_value", "double_value")
    values = ", ".join(f"'{k}': {sql if k == kind else 'null::varchar'}" for k in kinds)
    return f"{{'key': '{key}', 'value': {{{values}}}}}"


def ga4_format(_number: int) -> Format:
    """The BigQuery export of page views as JSON lines: 64-bit integers are texts there."""
    params = ", ".join([
        _ga4_param("page_location", "string_value", PAGE_URL),
        _ga4_param("page_referrer", "string_value", "referrer_url"),
        _ga4_param("page_title", "string_value", "program_name"),
        _ga4_param("ga_session_id", "int_value", "(1700000000 + visitor_number)::varchar"),
        _ga4_param("ga_session_number", "int_value", "(1 + serve_draw % 9)::varchar"),
        _ga4_param("source", "string_value", UTM["source"]),
        _ga4_param("medium", "string_value", UTM["medium"]),
        _ga4_param("campaign", "string_value", UTM["campaign"]),
    ])  # fmt: skip
    return Format(
        suffix=".ndjson.gz",
        line=json_line({
            "event_date": "strftime(clicked_at, '%Y%m%d')",
            "event_timestamp": "epoch_us(clicked_at)::varchar",
            "event_name": "'page_view'",
            "event_params": f"[{params}]",
            "event_bundle_sequence_id": "(serve_draw % 5000)::varchar",
            "user_pseudo_id": (
                "concat(1000000000 + visitor_number, '.', 1600000000 + visitor_number % 99999)"
            ),
            "user_id": "login",
            "device": (
                "{'category': device_type, 'operating_system': os, 'operating_system_version':"
                " nullif(os_version, ''), 'language': 'en-us', 'web_info': {'browser': browser,"
                " 'browser_version': nullif(browser_version, ''),"
                " 'hostname': 'www.' || advertiser_domain}}"
            ),
            "geo": "{'country': if(country is null, '(not set)', country_name)}",
            "traffic_source": (
                f"{{'name': {UTM['campaign']}, 'medium': coalesce({UTM['medium']}, '(none)'),"
                f" 'source': coalesce({UTM['source']}, '(direct)')}}"
            ),
            "collected_traffic_source": (
                f"{{'manual_campaign_name': {UTM['campaign']}, 'manual_source': {UTM['source']},"
                f" 'manual_medium': {UTM['medium']}}}"
            ),
            "stream_id": "'2000000001'",
            "platform": "'WEB'",
            "batch_page_id": "(epoch_ms(clicked_at) - serve_draw % 1000)::varchar",
            "batch_ordering_id": "(1 + serve_draw % 7)::varchar",
            "batch_event_index": "(1 + event_index % 25)::varchar",
        }),
        damage=[
            CUT_LINE,
            NOT_A_RECORD,
            """replace(line, '"event_timestamp":"', '"event_timestamp":"x')""",
        ],
    )  # fmt: skip


# ------------------------------------------------------------------ networks' click exports
# The account's time zone is New York: the export writes local time with its offset.
IMPACT_ID = "left(visitor_hex, 8) || substr(chain_hex, 1, 30)"
IMPACT_LOCAL = "timezone('America/New_York', timezone('UTC', clicked_at))"
IMPACT_TIME = (
    f"strftime({IMPACT_LOCAL}, '%Y-%m-%dT%H:%M:%S')"
    f" || format('-{{:02d}}:00', date_diff('hour', {IMPACT_LOCAL}, clicked_at))"
)


def impact_format(_number: int) -> Format:
    """Click export: one document; some clicks share their Id, times carry the account's offset."""
    device = (
        "case device_type when 'desktop' then 'DESKTOP' when 'mobile' then 'PHONE'"
        " when 'tablet' then 'TABLET' when 'tv' then 'TV' else 'ROBOT' end"
    )
    browser = (
        "case browser when 'Chrome' then 'CHROME' when 'Chrome Mobile' then 'CHROME_MOBILE'"
        " when 'Edge' then 'EDGE' when 'Firefox' then 'FIREFOX' when 'Opera' then 'OPERA'"
        " when 'Safari' then 'SAFARI' when 'Mobile Safari' then 'SAFARI' else 'UNKNOWN' end"
    )
    os = (
        "case os when 'Windows' then 'WINDOWS_10' when 'Android' then 'ANDROID'"
        " when 'iOS' then 'IOS' when 'Linux' then 'LINUX' else 'UNKNOWN' end"
    )
    return Format(
        suffix=".json.gz",
        line=json_line({
            "Id": IMPACT_ID,
            "CampaignId": "program_id",
            "CampaignName": "program_spelling",
            "ProfileId": DASHED_VISITOR,
            "IpAddress": "upper(sha256(ip)[1:40])",
            "EventDate": IMPACT_TIME,
            "MediaId": "partner_id",
            "MediaName": "partner_spelling",
            "AdId": "coalesce(creative_id, '')",
            "AdName": "coalesce('Ad ' || creative_id, '')",
            "AdType": "if(creative_id is null, 'ONLINE_TRACKING_LINK', 'TEXT_LINK')",
            "CustomerCountry": "coalesce(country, '')",
            "DeviceType": device,
            "Browser": browser,
            "Os": os,
            "ReferringUrl": "coalesce(referrer_url, '')",
            "ReferringDomain": "coalesce(split_part(referrer_url, '/', 3), '')",
            "LandingPageUrl": "landing_url",
            "SharedId": "coalesce(sub_id, '')",
            "PartnerRelated": "[{'SubId1': coalesce(sub_id, ''), 'SubId2': '', 'SubId3': ''}]",
            "CpcBid": "coalesce(cpc, '')",
            "UniqueClick": "not (is_double_click or is_follow_up)",
        }),
        document=('{"Clicks":[', "]}"),
        damage=["""replace(line, '"EventDate":"', '"EventDate":"about ')"""] * 3,
    )  # fmt: skip


# One click in a hundred is refused by the network, for a reason of its own.
IS_REFUSED = "serve_draw % 101 = 7"


def everflow_format(number: int) -> Format:
    """Raw clicks: JSON lines from the stream, every third file an answer of the paged API."""
    line = json_line({
        "transaction_id": "event_hex",
        "is_unique": "if(is_double_click or is_follow_up, 0, 1)",
        "unix_timestamp": "epoch(clicked_at)::bigint",
        "tracking_url": (
            "concat('https://track.deals.example/', partner_id, '/', program_id, '/?sub1=', sub_id)"
        ),
        "source_id": "lower(partner_code)",
        "sub1": "coalesce(sub_id, '')",
        "sub2": "''", "sub3": "''", "sub4": "''", "sub5": "''",
        "payout": "coalesce(cpc::decimal(12, 4), 0)",
        "payout_type": "if(cpc is null, '', 'cpc')",
        "revenue": "coalesce(cpc::decimal(12, 4), 0)",
        "referer": "coalesce(referrer_url, '')",
        "error_code": f"if({IS_REFUSED}, 17, 0)",
        "error_message": f"if({IS_REFUSED}, 'Proxy traffic', '')",
        "user_ip": "ip",
        "is_view_through": "false",
        "is_test_mode": "false",
        "has_conversion": "serve_draw % 40 = 0",
        "creative_id": "coalesce(creative_id::int, 0)",
        "currency_id": "program_currency",
        "coupon_code": "''",
        "url": "landing_url",
        "redirect_method": "'302'",
        "error_filter_id": f"if({IS_REFUSED}, '41', '')",
        "relationship": (
            "{'offer': {'network_offer_id': program_id::int, 'name': program_spelling},"
            " 'advertiser': {'network_advertiser_id': advertiser_id::int},"
            " 'affiliate': {'network_affiliate_id': partner_id::int, 'name': partner_spelling},"
            " 'campaign': {'network_campaign_id':"
            " coalesce(campaign_id::int, 0)},"
            " 'geolocation': {'country_code': coalesce(country, '')},"
            " 'device_information': {'platform_name': device_type, 'os_version': os_version,"
            " 'browser_name': browser, 'http_user_agent': user_agent}}"
        ),
    })  # fmt: skip
    if number % 3 == 0:
        return Format(
            suffix=".json.gz",
            line=line,
            document=('{"clicks":[', '],"paging":{"page":1,"page_size":1000}}'),
            damage=["""replace(line, '"unix_timestamp":', '"unix_timestamp":"noon","was":')"""] * 3,
        )
    return Format(
        suffix=".ndjson.gz",
        line=line,
        damage=[
            CUT_LINE,
            """replace(line, '"unix_timestamp":', '"unix_timestamp":"noon","was":')""",
            NOT_A_RECORD,
        ],
    )


def partnerize_format(_number: int) -> Format:
    """The clicks answer: one document, each click wrapped; times are naive, in UTC as requested."""
    time = "strftime({}, '%Y-%m-%d %H:%M:%S')"
    click = json_line({
        "campaign_id": "program_id",
        "publisher_id": "partner_id",
        "type": "'standard'",
        "status": "'nibbled'",
        "set_time": time.format("clicked_at"),
        "set_ip": "ip",
        "last_used": time.format("clicked_at + to_seconds(serve_draw)"),
        "last_ip": "ip",
        "publisher_reference": "coalesce(sub_id, '')",
        "referer": "coalesce(referrer_url, '')",
        "creative_id": "coalesce(creative_id, '0')",
        "creative_type": "0",
        "specific_creative_id": "0",
        "ref_device_id": "case device_type when 'desktop' then 1 when 'mobile' then 2 else 3 end",
        "ref_traffic_source_id": "3",
        "ref_partnership_model_id": "2",
        "ref_user_context_id": "2",
        "clickref": "'1011l' || left(event_hex, 14)",
        "meta_data": "[]::varchar[]",
    })  # fmt: skip
    return Format(
        suffix=".json.gz",
        line=f"'{{\"click\":' || {click} || '}}'",
        document=(
            '{"start_date_time_utc":"requested","limit":300,"offset":0,"clicks":[',
            '],"execution_time":"0.27682 seconds"}',
        ),
        damage=["""replace(line, '"set_time":"', '"set_time":"about ')"""] * 3,
    )


SOURCES = (
    Source(
        name="redirector",
        share=0.70,
        scope="any",
        file_name=lambda day: f"clicks_{day}",
        format_of=redirector_format,
        event_id="event_hex",
        always_daily=True,
        brief=True,
        visitor=(
            "if(has_cookie, concat('cookie ', visitor_hex),"
            f" concat('address ', ip, ' ', {OWN_AGENT}))"
        ),
        signal="signal",
        replays=True,
    ),
    Source(
        name="access_log",
        share=0.04,
        scope="any",
        file_name=lambda day: f"access_{day}",
        format_of=access_log_format,
        event_id=None,
        page_views=2.0,
        redelivers=False,
        signal=HEAD_ONLY,
        names_network=f"not {IS_TAGGED_PAGE}",
    ),
    Source(
        name="cloudfront",
        share=0.02,
        scope="any",
        file_name=lambda day: f"E1DEMO.{day}",
        format_of=cloudfront_format,
        event_id="event_hex || '=='",
        page_views=2.0,
        redelivers=False,
        signal=HEAD_ONLY,
        names_network=f"not {IS_TAGGED_PAGE}",
    ),
    Source(
        name="alb",
        share=0.02,
        scope="any",
        file_name=lambda day: f"123456789012_elasticloadbalancing_us-east-1_{day:%Y%m%d}",
        format_of=alb_format,
        event_id=None,
        page_views=1.5,
        redelivers=False,
        ipv4_only=True,
        signal=HEAD_ONLY,
        names_network=f"not {IS_TAGGED_PAGE}",
    ),
    Source(
        name="snowplow",
        share=0.04,
        scope="tagged",
        names_network="false",
        file_name=lambda day: f"enriched_{day}",
        format_of=snowplow_format,
        event_id=DASHED_ID,
        page_views=1.5,
        visitor=(
            f"if(has_cookie, concat('cookie ', {DASHED_VISITOR}),"
            " concat('address ', ip, ' ', user_agent))"
        ),
        journeys=True,
    ),
    Source(
        name="ga4",
        share=0.03,
        scope="tagged",
        names_network="false",
        file_name=lambda day: f"events_{day:%Y%m%d}",
        format_of=ga4_format,
        event_id=None,
        page_views=1.5,
        redelivers=False,
        visitor="concat('cookie ', visitor_number)",
        has_address=False,
    ),
    Source(
        name="impact",
        share=0.07,
        scope="impact",
        file_name=lambda day: f"clicks_{day}",
        format_of=impact_format,
        event_id=IMPACT_ID,
        visitor=f"concat('cookie ', {DASHED_VISITOR})",
        has_address=False,
    ),
    Source(
        name="everflow",
        share=0.04,
        scope="everflow",
        file_name=lambda day: f"clicks_{day}",
        format_of=everflow_format,
        event_id="event_hex",
        signal=f"if({IS_REFUSED}, 'refused', null)",
    ),
    Source(
        name="partnerize",
        share=0.04,
        scope="partnerize",
        file_name=lambda day: f"clicks_{day}",
        format_of=partnerize_format,
        event_id="'1011l' || left(event_hex, 14)",
        visitor="concat('address ', ip, ' ')",
    ),
)
