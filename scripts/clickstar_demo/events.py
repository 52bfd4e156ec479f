"""A click's number becomes a click: pseudo-random attributes by hashing, in set-based SQL.

Nothing is remembered from one click to the next, so any range of numbers can be made at any time,
in any order, with the same result. A click is one of

* base: a visitor clicks a placement;
* follow-up: the visitor of the click before clicks again, half a minute to forty minutes later;
* double: the click before again, less than two seconds later;
* burst: `BURST_SIZE` clicks of one bot on one placement, about 85 a minute.
"""

from __future__ import annotations

import datetime as dt
import hashlib

import duckdb
import pyarrow as pa

from clickstar_demo import seasons
from clickstar_demo.agents import Agent, bot_agents, human_agents
from clickstar_demo.world import COUNTRIES, PLACEMENT_SLOTS, Placement, World

BURST_SIZE = 40
DAY_MS = 86_400_000

DOUBLE_PER_MILLE = 25
FOLLOW_UP_PER_MILLE = 120
BURST_BLOCKS_PER_MILLE = 20
DECLARED_BOT_PER_MILLE = 22
LATE_PER_MILLE = 8
REPEAT_PER_MILLE = 6
DAMAGED_PER_MILLE = 1

# What a request says of itself, of 1000 single clicks of people; the rest says nothing. Which of
# them a source can write is the matter of the source (see `formats`).
SIGNALS = {
    "prefetch": 4,
    "head": 2,
    "test": 2,
    "staff": 1,
    "fast": 4,
    "impossible": 2,
    "no_agent": 2,
    "replayed": 1,
    "viewed": 300,
}
# Of so many visitors one sits in each of the offices, whose prefixes master data calls internal.
OFFICE_ONE_IN = 500
OFFICES = ("192.88.99", "233.252.0")

HUMAN_AGENT_SLOTS = 8_192
BOT_AGENT_SLOTS = 1_024
COUNTRY_SLOTS = 1_000
MINUTE_SLOTS = 16_384
VISITORS_PER_CLICK = 0.42
VISITOR_STREAM = 4_095
JOURNEY_STREAM = 4_094
LOGIN_PER_MILLE = 250
# One click of so many is looked at for a journey over the shop's pages, of four pages at most.
JOURNEY_EVERY = 10
JOURNEY_PAGES = 4

# Columns that only some sources write; without them a record is a third smaller.
DESCRIPTIVE = (
    "program_name", "partner_spelling", "program_spelling", "advertiser_domain",
    "program_currency", "country_name", "device_type", "browser", "browser_version", "os",
    "os_version", "utm_source", "utm_medium", "utm_campaign", "chain_hex",
)  # fmt: skip

# Every use of the hash has a number of its own, so that no two attributes depend on each other.
SALTS = {
    use: number
    for number, use in enumerate((
        "kind", "burst", "declared", "visitor", "country", "agent", "burst_agent", "ip", "ip_low",
        "ip_kind", "consent", "placement", "placement_again", "minute", "second", "delta", "late",
        "late_by", "repeat", "repeat_by", "damaged", "damage", "sub_id", "no_country", "link_style",
        "serve", "signal", "office", "viewed", "login", "journey", "conversion",
    ))
}  # fmt: skip


class Hasher:
    """Writes SQL for 64 uniform bits (unsigned) that depend on the seed, a use and a number."""

    def __init__(self, seed: int) -> None:
        digest = hashlib.sha256(f"clickstar demo {seed}".encode()).digest()
        self._mix = int.from_bytes(digest[:8], "big") >> 2

    def bits(self, use: str, number: str) -> str:
        """SQL of the bits for an integer expression below 2 to the 56."""
        # hash() of several arguments only XORs them together: two uses would be tied to each other.
        return f"hash(xor(({number})::bigint * 64 + {SALTS[use]}, {self._mix}))"

    def below(self, use: str, number: str, limit: int | str) -> str:
        """SQL of a uniform integer from 0 up to, not including, `limit`."""
        return f"({self.bits(use, number)} % {limit})::bigint"

    def uniform(self, use: str, number: str) -> str:
        """SQL of a uniform double in [0, 1)."""
        return f"(({self.bits(use, number)} >> 11)::double / 9007199254740992.0)"

    def text(self, use: str, number: str) -> str:
        """SQL of 32 hexadecimal digits."""
        return f"md5(concat('{self._mix}/{use}/', {number}))"


def slots(weights: list[float], size: int) -> list[int]:
    """`size` lottery tickets: position n holds the index of the item that ticket n wins."""
    tickets: list[int] = []
    for index, count in enumerate(seasons.spread(size, weights)):
        tickets += [index] * count
    return tickets


def _put(connection: duckdb.DuckDBPyConnection, name: str, rows: dict[str, pa.Array]) -> None:
    """Make a table of these columns."""
    connection.register("incoming", pa.table(rows))
    connection.execute(f"create table {name} as select * from incoming")
    connection.unregister("incoming")


def make_lookups(connection: duckdb.DuckDBPyConnection, world: World, seed: int) -> None:
    """Make the tables of tickets by which hashed numbers find a placement, an agent and so on."""
    placements = world.placements
    columns = {
        "network": [p.program.network for p in placements],
        "advertiser_id": [p.program.advertiser_id for p in placements],
        "partner_id": [p.partner.ids[p.program.network] for p in placements],
        "program_id": [p.program.program_id for p in placements],
        "campaign_id": [
            p.campaign.ids[p.program.network] if p.campaign else None for p in placements
        ],
        "creative_id": [p.creative_id for p in placements],
        "landing_url": [p.landing_url for p in placements],
        "utm_source": [p.utm_source for p in placements],
        "utm_medium": [p.utm_medium for p in placements],
        "utm_campaign": [p.utm_campaign for p in placements],
        "referrer_url": [p.referrer_url for p in placements],
        "cpc": [p.cpc for p in placements],
        "currency": [p.program.currency if p.cpc else None for p in placements],
        "program_currency": [p.program.currency for p in placements],
        "advertiser_domain": [p.program.advertiser.domain for p in placements],
        "advertiser_code": [p.program.advertiser.code for p in placements],
        "partner_code": [p.partner.code for p in placements],
        "program_code": [p.program.code for p in placements],
        "campaign_code": [p.campaign.code if p.campaign else None for p in placements],
        "program_name": [p.program.name for p in placements],
        "partner_spelling": [p.partner.spellings[p.program.network] for p in placements],
        "program_spelling": [p.program.spelling for p in placements],
    }
    columns = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    _put(connection, "placement", {"placement": pa.array(range(len(placements))), **columns})

    def scope(name: str, weight: object) -> None:
        weights = [p.weight if weight(p) else 0.0 for p in placements]  # type: ignore[operator]
        tickets = slots(weights, PLACEMENT_SLOTS)
        _put(connection, "ticket", {
            "placement_slot": pa.array(range(len(tickets)), pa.int64()),
            "placement": pa.array(tickets, pa.int64()),
        })  # fmt: skip
        connection.execute(
            f"create table placement_of_{name} as "
            "select * from ticket inner join placement using (placement) order by placement_slot"
        )
        connection.execute("drop table ticket")

    def in_network(network: str) -> object:
        def test(placement: Placement) -> bool:
            return placement.program.network == network

        return test

    scope("any", lambda _: True)
    scope("tagged", lambda placement: placement.utm_source is not None)
    for network in ("impact", "everflow", "partnerize"):
        scope(network, in_network(network))

    humans, bots = human_agents(seed), bot_agents()
    tickets = slots([agent.weight for agent in humans], HUMAN_AGENT_SLOTS)
    bot_tickets = slots([agent.weight for agent in bots], BOT_AGENT_SLOTS)
    chosen: list[Agent] = [humans[n] for n in tickets] + [bots[n] for n in bot_tickets]
    _put(connection, "agent", {
        "agent_slot": pa.array(range(len(chosen)), pa.int64()),
        **{name: pa.array([getattr(agent, name) for agent in chosen], pa.string()) for name in (
            "user_agent", "device_type", "browser", "browser_version", "os", "os_version",
        )},
    })  # fmt: skip

    codes = list(COUNTRIES)
    countries = [codes[n] for n in slots([COUNTRIES[code][0] for code in codes], COUNTRY_SLOTS)]
    _put(connection, "country", {
        "country_slot": pa.array(range(len(countries)), pa.int64()),
        "country": pa.array(countries, pa.string()),
        "country_name": pa.array([COUNTRIES[code][1] for code in countries], pa.string()),
        "east_ms": pa.array([COUNTRIES[code][3] * 60_000 for code in countries], pa.int64()),
    })  # fmt: skip

    hours = seasons.HOUR_WEIGHTS
    by_minute = [
        hours[minute // 60]
        + (hours[(minute // 60 + 1) % 24] - hours[minute // 60]) * (minute % 60) / 60
        for minute in range(1440)
    ]
    minutes = slots(by_minute, MINUTE_SLOTS)
    _put(connection, "minute", {
        "minute_slot": pa.array(range(len(minutes)), pa.int64()),
        "local_minute": pa.array(minutes, pa.int64()),
    })  # fmt: skip


def make_stream_days(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    first_day: dt.date,
    counts: list[int],
    days_per_period: int,
) -> None:
    """Make a table of which numbers of a stream fall on which day and in which period (file)."""
    firsts, nexts, starts, periods, before = [], [], [], [], 0
    for number, count in enumerate(counts):
        if count:
            day = dt.datetime.combine(first_day + dt.timedelta(days=number), dt.time(), dt.UTC)
            firsts.append(before)
            nexts.append(before + count)
            starts.append(int(day.timestamp()) * 1000)
            periods.append(number // days_per_period)
        before += count
    connection.execute(f"drop table if exists {name}")
    _put(connection, name, {
        "first_index": pa.array(firsts, pa.int64()),
        "next_index": pa.array(nexts, pa.int64()),
        "day_ms": pa.array(starts, pa.int64()),
        "period": pa.array(periods, pa.int64()),
    })  # fmt: skip


def events_sql(
    hasher: Hasher,
    *,
    stream: int,
    days: str,
    first: int,
    upto: int,
    scope: str,
    visitors: int,
    number_before: int,
    ipv4_only: bool,
    page_views: bool,
    brief: bool,
    step: int = 1,
) -> str:
    """The select for every `step`th of the events `first` up to, not including, `upto` of a stream.

    Table `days` holds the stream's days. Where `upto` cuts a day in two, it must lie a multiple
    of `BURST_SIZE` after the day's start. Page views are single: no bursts, doubles or follow-ups.
    `brief` leaves the `DESCRIPTIVE` columns out.
    """
    below, bits = hasher.below, hasher.bits

    def key(number: str) -> str:
        return f"({stream} * 68719476736 + {number})"

    def visitor_key(number: str) -> str:
        return f"({VISITOR_STREAM} * 68719476736 + {number})"

    def kind(number: str) -> str:
        return below("kind", key(number), 1000)

    bot_visitors = f"({visitors} // 400 + 60)"
    burst = "false" if page_views else (
        f"{below('burst', key('first_index + block * ' + str(BURST_SIZE)), 1000)}"
        f" < {BURST_BLOCKS_PER_MILLE} and first_index + (block + 1) * {BURST_SIZE} <= next_index"
    )  # fmt: skip
    not_base = DOUBLE_PER_MILLE + FOLLOW_UP_PER_MILLE
    repeatable = "false" if page_views else "not is_burst and position > 0"
    ipv6_low = below("ip_low", "visitor", 65_536)
    ip6 = (
        f"concat('2001:db8:', lower(to_hex({below('ip', 'visitor', 65_536)})), ':', "
        f"lower(to_hex({ipv6_low})), '::', lower(to_hex(1 + {ipv6_low} % 4093)))"
    )
    ip_kind = below("ip_kind", "visitor", 1000)
    ip_number = below("ip", "visitor", 4_194_304)
    signal, upto_draw = "", 0
    for name, per_mille in SIGNALS.items():
        upto_draw += per_mille
        signal += f" when signal_draw < {upto_draw} then '{name}'"
    viewed = bits("viewed", "drawn.own_key")
    without = f"* exclude ({', '.join(DESCRIPTIVE)})" if brief else "*"
    return f"""
with numbered as (
    select
        numbers.i,
        stream_day.first_index,
        stream_day.next_index,
        stream_day.day_ms,
        stream_day.period,
        (numbers.i - stream_day.first_index) // {BURST_SIZE} as block,
        (numbers.i - stream_day.first_index) % {BURST_SIZE} as position
    from range({first}, {upto}, {step}) as numbers (i)
    asof join {days} as stream_day on numbers.i >= stream_day.first_index
),
kinds as (
    select *, {burst} as is_burst, {kind("i")} as kind_draw, {kind("i - 1")} as previous_draw
    from numbered
),
based as (
    select
        *,
        {repeatable} and kind_draw < {not_base} and previous_draw >= {not_base} as is_repeated,
        is_repeated and kind_draw < {DOUBLE_PER_MILLE} as is_double_click,
        is_repeated and not is_double_click as is_follow_up,
        {key("i")} as own_key,
        case
            when is_burst then {key("first_index + block * " + str(BURST_SIZE))}
            when is_repeated then {key("i - 1")}
            else {key("i")}
        end as base_key,
        -- impact.com: "a single Id can be associated with multiple click objects"
        case when is_follow_up and i % 4 = 0 then base_key else own_key end as chain_key
    from kinds
),
visited as (
    select
        *,
        not is_burst and {below("declared", "base_key", 1000)} < {DECLARED_BOT_PER_MILLE}
            as is_declared_bot,
        {hasher.uniform("visitor", "base_key")} as visitor_draw,
        case
            when is_burst then {visitors} + 1000 + floor({bot_visitors} * visitor_draw)
            when is_declared_bot then {visitors} + floor(600 * visitor_draw * visitor_draw)
            else floor({visitors} * visitor_draw * sqrt(visitor_draw))
        end::bigint as visitor_number,
        {visitor_key("visitor_number")} as visitor
    from based
),
drawn as (
    select
        *,
        {below("country", "visitor", COUNTRY_SLOTS)} as country_slot,
        case
            when is_declared_bot
                then {HUMAN_AGENT_SLOTS} + {below("agent", "visitor", BOT_AGENT_SLOTS)}
            when is_burst and {below("burst_agent", "visitor", 10)} < 3
                then {HUMAN_AGENT_SLOTS} + {below("agent", "visitor", BOT_AGENT_SLOTS)}
            else {below("agent", "visitor", HUMAN_AGENT_SLOTS)}
        end as agent_slot,
        case
            when is_follow_up and {below("placement_again", "own_key", 10)} < 4
                then {below("placement", "own_key", PLACEMENT_SLOTS)}
            else {below("placement", "base_key", PLACEMENT_SLOTS)}
        end as placement_slot,
        {below("minute", "base_key", MINUTE_SLOTS)} as minute_slot,
        {below("second", "base_key", 60_000)} as minute_ms,
        {bits("delta", "own_key")} as delta_bits,
        {below("office", "visitor", OFFICE_ONE_IN)} as office
    from visited
),
described as (
    select
        drawn.i as event_index,
        drawn.period,
        drawn.own_key,
        drawn.visitor_number,
        drawn.is_burst or drawn.is_declared_bot as is_bot,
        case when drawn.is_burst then 'burst' when drawn.is_declared_bot then 'declared' end
            as bot_kind,
        drawn.is_double_click,
        drawn.is_follow_up,
        {"null::bigint" if page_views else f"{number_before} + drawn.i + 1"} as click_number,
        case when drawn.is_double_click then {number_before} + drawn.i end as double_click_of,
        {"'page'" if page_views else "'click'"} as record_kind,
        greatest(0, least({DAY_MS} - 40000,
            (drawn.minute_ms + minute.local_minute * 60000 - country.east_ms + {DAY_MS}) % {DAY_MS}
        )) as base_ms,
        make_timestamp_ms(drawn.day_ms + base_ms + case
            when drawn.is_burst then drawn.position * 700 + (drawn.delta_bits % 400)::bigint
            when drawn.is_double_click then 150 + (drawn.delta_bits % 1750)::bigint
            when drawn.is_follow_up
                then least(30000 + (drawn.delta_bits % 2370000)::bigint, {DAY_MS} - 1 - base_ms)
            else 0
        end) as clicked_at,
        {hasher.text("event", "drawn.own_key")} as event_hex,
        if(drawn.chain_key = drawn.own_key, event_hex, {hasher.text("event", "drawn.chain_key")})
            as chain_hex,
        {hasher.text("visitor", "drawn.visitor")} as visitor_hex,
        not drawn.is_declared_bot and {below("consent", "drawn.visitor", 100)} >= 6 as has_cookie,
        case
            when drawn.is_burst then concat('203.0.113.', {below("ip", "drawn.visitor", 254)} + 1)
            when drawn.is_declared_bot and drawn.visitor_number % 4 = 0
                then concat('192.0.2.', {below("ip", "drawn.visitor", 254)} + 1)
            when drawn.is_declared_bot
                then concat('198.51.100.', {below("ip", "drawn.visitor", 254)} + 1)
            when drawn.office < {len(OFFICES)}
                then concat(['{"', '".join(OFFICES)}'][drawn.office + 1], '.',
                    {below("ip", "drawn.visitor", 254)} + 1)
            when {ip_kind} < {0 if ipv4_only else 120} then {ip6}
            when {ip_kind} < 300
                then concat('198.', 18 + {ip_number} % 2, '.', {ip_number} // 2 % 256, '.',
                    {ip_number} // 512 % 254 + 1)
            else concat('100.', 64 + {ip_number} // 65536, '.', {ip_number} // 256 % 256, '.',
                {ip_number} % 254 + 1)
        end as ip,
        case when {below("no_country", "drawn.own_key", 100)} >= 1 then country.country end
            as country,
        country.country_name,
        agent.* exclude (agent_slot),
        placement.* exclude (placement_slot, placement),
        case
            when {below("sub_id", "drawn.base_key", 10)} < 6
                then concat(lower(placement.partner_code), '-',
                    lower(to_hex({below("sub_id", "drawn.base_key", 1_048_576)})))
        end as sub_id,
        {below("link_style", "drawn.own_key", 100)} as link_style,
        {below("serve", "drawn.own_key", 1_000_000)} as serve_draw,
        -- Only pages tell who is logged in.
        case
            when {"has_cookie" if page_views else "false"}
                and {below("login", "drawn.visitor", 1000)} < {LOGIN_PER_MILLE}
                then concat('customer-', drawn.visitor_number)
        end as login,
        0 as journey_page,
        null::bigint as journey_of,
        case when {below("late", "drawn.own_key", 1000)} < {LATE_PER_MILLE}
            then 1 + {below("late_by", "drawn.own_key", 3)} end as late_by,
        case when {below("repeat", "drawn.own_key", 1000)} < {REPEAT_PER_MILLE}
            then 1 + {below("repeat_by", "drawn.own_key", 5)} end as repeat_by,
        {below("signal", "drawn.own_key", 1000)} as signal_draw,
        case
            when record_kind = 'page' or drawn.is_burst or drawn.is_declared_bot then null
            when drawn.is_repeated or late_by is not null or repeat_by is not null then null
            {signal.strip()}
        end as signal,
        case signal
            when 'fast' then clicked_at - to_milliseconds(50 + ({viewed} % 700)::bigint)
            when 'impossible' then clicked_at + to_milliseconds(2000 + ({viewed} % 60000)::bigint)
            when 'viewed' then clicked_at - to_milliseconds(1500 + ({viewed} % 120000)::bigint)
        end as page_viewed_at,
        if(not is_bot and drawn.office < {len(OFFICES)}, drawn.office, null) as office_number,
        drawn.agent_slot >= {HUMAN_AGENT_SLOTS} as has_bot_agent,
        case when {below("damaged", "drawn.own_key", 1000)} < {DAMAGED_PER_MILLE}
            then 1 + {below("damage", "drawn.own_key", 3)} else 0 end as damage_draw
    from drawn
    inner join minute using (minute_slot)
    inner join country using (country_slot)
    inner join agent using (agent_slot)
    inner join placement_of_{scope} as placement using (placement_slot)
)
select {without} from described
"""


def journeys_sql(
    hasher: Hasher, *, days: str, first: int, upto: int, visitors: int, stream: int, scope: str
) -> str:
    """The select for page views of visitors who clicked and landed on a shop's untagged page.

    Every `JOURNEY_EVERY`th click from `first` up to, not including, `upto` of a stream may be
    followed by one to `JOURNEY_PAGES` pages of the same day. The landing page carries the id of the
    click; the shop knows the visitor by a cookie of its own, and some by their login.
    """
    clicks = events_sql(
        hasher,
        stream=stream,
        days=days,
        first=first + -first % JOURNEY_EVERY,
        upto=upto,
        scope=scope,
        visitors=visitors,
        number_before=0,
        ipv4_only=False,
        page_views=False,
        brief=False,
        step=JOURNEY_EVERY,
    )
    own_key = f"({JOURNEY_STREAM} * 68719476736 + event_index * 8 + page)"
    later = "(900 + serve_draw % 2000 + (page - 1) * (20000 + serve_draw % 180000))"
    site = "'https://www.' || advertiser_domain"

    def shelf(page: str) -> str:
        return f"{site} || '/shelf/' || ((serve_draw + {page}) % 400)::varchar"

    return f"""
select
    * exclude (page, visitor_key)
    replace (
        1099511627776 + event_index * 8 + page as event_index,
        {own_key} as own_key,
        {hasher.text("event", own_key)} as event_hex,
        null::bigint as click_number,
        'page' as record_kind,
        false as is_follow_up,
        clicked_at + to_milliseconds({later}) as clicked_at,
        case page
            when 1 then referrer_url
            when 2 then split_part(landing_url, '?', 1)
            else {shelf("page - 1")}
        end as referrer_url,
        case page
            when 1 then concat(landing_url, '?cst_click=', event_hex)
            else {shelf("page")}
        end as landing_url,
        case
            when has_cookie and page > 1 and {hasher.below("login", "visitor_key", 1000)}
                < {LOGIN_PER_MILLE}
                then concat('customer-', visitor_number)
        end as login,
        page as journey_page,
        click_number as journey_of,
        null::bigint as late_by,
        null::bigint as repeat_by,
        0::bigint as damage_draw
    )
from (
    select *, {VISITOR_STREAM} * 68719476736 + visitor_number as visitor_key from ({clicks})
) as clicked
cross join range(1, {JOURNEY_PAGES + 1}) as pages (page)
where
    not is_bot
    and not is_double_click
    and utm_source is null
    and page <= 1 + {hasher.below("journey", "own_key", JOURNEY_PAGES)}
    and (clicked_at + to_milliseconds({later}))::date = clicked_at::date
"""
