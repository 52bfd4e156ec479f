"""Sessions that arrive bit by bit are those of a full refresh, and those of an oracle.

Hypothesis draws a few events of a few visitors, who share cookies, logins and click ids, and files
that deliver them in any order: late, twice, restated, replaced by other versions, with builds that
are killed in between. What is upstream of the sessions is a table of the test's.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from builds import Builds
from rendering import render
from sessions_oracle import Limits, Record, expected_late, expected_visits, key
from standins import execute, literal
from warehouses import Warehouse, building

EXAMPLES = int(os.environ.get("DELIVERIES", "6"))
LIMITS = Limits(most=timedelta(hours=2), most_events=5, most_sharers=2)
VARIABLES = json.dumps(
    {"session_most_hours": 2, "session_most_events": 5, "identity_most_sharers": 2}
)
MODELS = (
    "int_sessions__received",
    "int_visitors__daily_links",
    "int_visitors__links",
    "int_visitors__stitched",
    "int_sessions__events",
    "int_sessions__visits",
    "fct_sessions",
    "fct_quarantined_sessions",
    "fct_late_events",
)
RUN = ("run", "--vars", VARIABLES, "--select", *MODELS)
# Of 9 models, with their hooks.
LAST_STATEMENT = 100
SHARED = (
    "source_name varchar(63), referrer_url varchar(8192), user_agent varchar(8192),"
    " ip_hash varchar(32), cookie_hash varchar(32), country_code varchar(2),"
    " utm_source varchar(255), utm_medium varchar(255), utm_campaign varchar(255),"
    " file_id bigint, line_number bigint"
)
TABLES = {
    "staging.stg_loader__files": ("file_id bigint, status varchar(20), table_name varchar(63)"),
    "staging.stg_loader__user_agents": (
        "user_agent varchar(8192), device_type varchar(20), os_family varchar(100),"
        " browser_family varchar(100)"
    ),
    "intermediate.int_clicks__unioned": (
        "event_id varchar(512), clicked_at timestamp, network_code varchar(30),"
        " advertiser_source_id varchar(128), partner_source_id varchar(128),"
        f" campaign_source_id varchar(128), landing_url varchar(8192), {SHARED}"
    ),
    "intermediate.int_page_views__unioned": (
        "event_id varchar(512), viewed_at timestamp, page_url varchar(8192),"
        f" carried_click_id varchar(512), login_hash varchar(32), is_internal boolean, {SHARED}"
    ),
    "intermediate.int_channels__assigned": (
        "source varchar(255), medium varchar(255), campaign varchar(255),"
        " channel_current_key bigint, channel_code varchar(64), yields_to_partner boolean"
    ),
    "intermediate.int_members__versions": (
        "kind varchar(20), network_code varchar(30), source_id varchar(128), member_key bigint,"
        " current_key bigint, channel_current_key bigint, is_mapped boolean, valid_from timestamp,"
        " valid_to timestamp"
    ),
    "intermediate.int_master__channel_versions": (
        "channel_key bigint, channel_current_key bigint, channel_code varchar(64),"
        " valid_from timestamp, valid_to timestamp"
    ),
    "marts.dim_date": "date_key integer primary key",
    "marts.dim_time_of_day": "time_of_day_key integer primary key",
    "marts.dim_advertiser": "advertiser_key bigint primary key",
    "marts.dim_partner": "partner_key bigint primary key",
    "marts.dim_channel": "channel_key bigint primary key",
    "marts.dim_advertiser_current": "advertiser_current_key bigint primary key",
    "marts.dim_partner_current": "partner_current_key bigint primary key",
    "marts.dim_channel_current": "channel_current_key bigint primary key",
    "marts.dim_device": "device_key bigint primary key",
    "marts.dim_country": "country_key bigint primary key, country_code varchar(2)",
}
START = datetime(2026, 3, 1, 23, 0)
# The durable key of `direct`, as a session that names no channel asks for it.
DIRECT = int(hashlib.md5(b"v:channel|v:direct").hexdigest()[:15], 16)
CHANNELS = {"a": 1, "b": 2}


@dataclass(frozen=True)
class Step:
    """What is delivered, by path (a known path is replaced), and what happens then.

    Attributes:
        files: the records of each path that is delivered; none for a file that is withdrawn.
        channel_of_b: the channel that the source `b` is now assigned to.
        kill_at: the statement at which the build is killed; none when it comes to its end.
    """

    files: Mapping[str, Sequence[Record]]
    channel_of_b: int = 2
    kill_at: int | None = None


@dataclass
class Landed:
    """The versions of files that are loaded."""

    files: dict[int, Sequence[Record]] = field(default_factory=dict)
    channels: dict[str, int] = field(default_factory=lambda: dict(CHANNELS))
    _ids: dict[str, int] = field(default_factory=dict)
    _versions: int = 0

    def take(self, step: Step) -> None:
        """Let a step happen."""
        for path, records in step.files.items():
            self._versions += 1
            # Ids do not follow the order of arrival.
            new = key(path, str(self._versions)) % 10**9
            self.files.pop(self._ids.get(path, -1), None)
            if records:
                self.files[new] = records
                self._ids[path] = new
        self.channels["b"] = step.channel_of_b


def put(table: str, rows: Sequence[Sequence[object]]) -> list[str]:
    """The statements that leave nothing but these rows in a table."""
    statements = [f"delete from {table}"]
    if rows:
        written = ", ".join("(" + ", ".join(map(literal, row)) + ")" for row in rows)
        statements.append(f"insert into {table} values {written}")
    return statements


def show(warehouse: Warehouse, landed: Landed) -> None:
    """Put what has landed where the models look for it."""
    clicks: list[list[object]] = []
    views: list[list[object]] = []
    for file_id, records in landed.files.items():
        for line, record in enumerate(records, start=1):
            url = None if record.page is None else f"https://{record.page}?x=1"
            shared: list[object] = [
                record.source, None, None, record.address, record.cookie, None,
                record.utm_source, None, None, file_id, line,
            ]  # fmt: skip
            if record.is_click:
                clicks.append(
                    [record.event_id, record.at, "net", None, None, record.campaign, url, *shared]
                )
            if record.is_page_view:
                views.append(
                    [record.event_id, record.at, url, record.carried, record.login,
                     record.utm_source is None, *shared]
                )  # fmt: skip
    channels = [
        (source, "(not set)", "(not set)", channel, f"channel {channel}", False)
        for source, channel in landed.channels.items()
    ]
    channels.append(("(direct)", "(none)", "(not set)", DIRECT, "direct", False))
    rows: dict[str, Sequence[Sequence[object]]] = {
        "staging.stg_loader__files": [
            (file_id, "loaded", "snowplow__events") for file_id in landed.files
        ],
        "intermediate.int_clicks__unioned": clicks,
        "intermediate.int_page_views__unioned": views,
        "intermediate.int_channels__assigned": channels,
    }
    execute(
        warehouse,
        *(line for table, of in rows.items() for line in put(table, of)),
    )


def prepare(warehouse: Warehouse) -> None:
    """Make the tables upstream of the sessions, and the dimensions."""
    days = [int((START + timedelta(days=n)).strftime("%Y%m%d")) for n in range(-2, 8)]
    execute(
        warehouse,
        *(f"create schema if not exists {name}" for name in ("staging", "intermediate", "marts")),
        *(f"create table {table} ({columns})" for table, columns in TABLES.items()),
        *put("marts.dim_date", [(day,) for day in days]),
        *put("marts.dim_time_of_day", [(minute,) for minute in range(1440)]),
        # Each channel has one version, with the same key.
        *put("marts.dim_channel", [(-1,), (1,), (2,), (DIRECT,)]),
        *put("marts.dim_channel_current", [(-1,), (1,), (2,), (DIRECT,)]),
        *put("intermediate.int_master__channel_versions", [
            (key, key, f"channel {key}", datetime(1900, 1, 1), datetime(9999, 12, 31))
            for key in (1, 2, DIRECT)
        ]),
        *(
            put(f"marts.dim_{name}", [(-1,)])[1]
            for name in ("advertiser", "partner", "device", "advertiser_current", "partner_current")
        ),
        *put("marts.dim_country", [(-1, None)]),
    )  # fmt: skip


def found_visits(warehouse: Warehouse) -> dict[object, dict[str, object]]:
    """The sessions of both facts, in the oracle's words."""
    kept = warehouse.query(
        "select session_key, visitor_id, visitor_rule, first_channel_key, last_channel_key,"
        " entry_page, exit_page, ended_by, events, clicks, page_views, reopenings + 1,"
        " started_at, ended_at, cast(null as varchar) from marts.fct_sessions"
    )
    aside = warehouse.query(
        "select session_key, visitor_id, visitor_rule, events, clicks, page_views, started_at,"
        " ended_at, quarantine_reason from marts.fct_quarantined_sessions"
    )
    names = (
        "visitor_id", "visitor_rule", "first_channel", "last_channel", "entry_page", "exit_page",
        "ended_by", "events", "clicks", "page_views", "deliveries", "started_at", "ended_at",
        "reason",
    )  # fmt: skip
    short = [names[n] for n in (0, 1, 7, 8, 9, 11, 12, 13)]
    found = {row[0]: dict(zip(names, row[1:], strict=True)) for row in kept}
    set_aside = {row[0]: dict(zip(short, row[1:], strict=True)) for row in aside}
    assert len(found) == len(kept) and len(set_aside) == len(aside)
    assert not found.keys() & set_aside.keys()
    return {**found, **set_aside}


def differences(warehouse: Warehouse, landed: Landed) -> list[str]:
    """What differs between the facts and the oracle."""
    expected: dict[object, dict[str, object]] = {}
    for session, visit in expected_visits(landed.files, landed.channels, LIMITS).items():
        shown = {
            **visit,
            "first_channel": visit["first_channel"] or DIRECT,
            "last_channel": visit["last_channel"] or DIRECT,
        }
        if visit["reason"]:
            of_aside = (
                "visitor_id", "visitor_rule", "events", "clicks", "page_views", "started_at",
                "ended_at", "reason",
            )  # fmt: skip
            shown = {name: shown[name] for name in of_aside}
        expected[session] = shown
    found = found_visits(warehouse)
    wrong = [
        f"session {session}: {found.get(session)} is not {expected.get(session)}"
        for session in sorted({*found, *expected}, key=str)
        if found.get(session) != expected.get(session)
    ]
    late = {
        (row[0], row[1]): row[2:]
        for row in warehouse.query(
            "select event_date, source_name, events, late_events, most_days_late"
            " from marts.fct_late_events"
        )
    }
    if late != expected_late(landed.files, LIMITS):
        wrong.append(f"late: {late} is not {expected_late(landed.files, LIMITS)}")
    return wrong


def everything(warehouse: Warehouse) -> dict[str, list[tuple[object, ...]]]:
    """All rows that were built, and what is kept beside them."""
    return {
        name: sorted(warehouse.query(f"select * from {name}"), key=str)
        for name in (
            "intermediate.int_sessions__received",
            "intermediate.int_sessions__received__days",
            "intermediate.int_sessions__received__files",
            "intermediate.int_visitors__daily_links",
            "intermediate.int_visitors__daily_links__days",
            "intermediate.int_visitors__stitched",
            "intermediate.int_visitors__stitched__anew",
            "intermediate.int_visitors__stitched__int_visitors__daily_links",
            "intermediate.int_sessions__events",
            "intermediate.int_sessions__events__days",
            "intermediate.int_sessions__events__int_visitors__stitched",
            "marts.fct_sessions",
            "marts.fct_quarantined_sessions",
            "marts.fct_late_events",
        )
    }


happened: Counter[str] = Counter()


def build(builds: Builds, warehouse: Warehouse, *options: str, kill_at: int | None = None) -> None:
    """Build what is downstream of the test's tables."""
    outcome = builds.run(
        warehouse.environment,
        (*RUN, *options),
        kill_at=kill_at,
    )
    assert not outcome.said, outcome.said
    happened["killed" if outcome.killed else "built"] += 1


def check(builds: Builds, warehouse: Warehouse, steps: Sequence[Step]) -> None:
    """Let the steps happen, and compare with the oracle and with a full refresh."""
    landed = Landed()
    for step in steps:
        landed.take(step)
        show(warehouse, landed)
        build(builds, warehouse, kill_at=step.kill_at)
    build(builds, warehouse)
    assert differences(warehouse, landed) == [], f"after {list(steps)}"
    incremental = everything(warehouse)
    build(builds, warehouse, "--full-refresh")
    assert incremental == everything(warehouse), f"after {list(steps)}"


# --- what is drawn --------------------------------------------------------------------------------


@st.composite
def events(draw: st.DrawFn) -> list[Record]:
    """A few events of people who are hard to tell apart, in three nights."""
    made: list[Record] = []
    for number in range(draw(st.integers(3, 12))):
        # Two moments of ten minutes may be the same, a limit apart, or within it.
        at = START + timedelta(days=draw(st.integers(0, 2)), minutes=10 * draw(st.integers(0, 12)))
        kind = draw(st.sampled_from(["click", "page", "page", "tagged page"]))
        record = Record(
            source="redirector" if kind == "click" else "snowplow",
            event_id=f"e{number}",
            at=at,
            is_click=kind != "page",
            is_page_view=kind != "click",
            cookie=draw(st.sampled_from([None, "A", "B", "C", "D"])),
            address=draw(st.sampled_from([None, "X", "X"])),
            page=draw(st.sampled_from([None, "shop.example/a", "shop.example/b"])),
        )
        if kind != "click":
            before = [other.event_id for other in made if other.source == "redirector"]
            record = replace(
                record,
                login=draw(st.sampled_from([None, None, "L", "M"])),
                carried=draw(st.sampled_from([None, *before[-2:]])),
            )
        if kind != "page":
            record = replace(
                record,
                campaign=draw(st.sampled_from([None, None, "c1", "c2"])),
                utm_source=draw(st.sampled_from([None, "a", "b"])),
            )
        made.append(record)
    return made


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """The events delivered in a few steps."""
    made = draw(events())
    some = st.lists(st.sampled_from(made), min_size=1, max_size=6, unique_by=lambda r: r.event_id)
    steps = []
    for _ in range(draw(st.integers(2, 4))):
        files: dict[str, Sequence[Record]] = {}
        for _ in range(draw(st.integers(1, 3))):
            records = list(draw(some))
            if draw(st.integers(0, 3)) == 0:
                moved = draw(st.sampled_from([-10, 10, 60, 1440]))
                records[0] = replace(records[0], at=records[0].at + timedelta(minutes=moved))
            if draw(st.integers(0, 9)) == 0:
                records = []
            files[draw(st.sampled_from(["p", "q", "r", "s"]))] = records
        kill_at = draw(st.one_of(st.none(), st.none(), st.integers(1, LAST_STATEMENT)))
        steps.append(Step(files, draw(st.sampled_from([2, 2, 1])), kill_at))
    return steps


class OnDuckDB:
    """A warehouse with empty tables upstream, copied for each history."""

    def __init__(self, builds: Builds, template: Warehouse, scratch: Path) -> None:
        self.builds = builds
        self._template = template
        self._scratch = scratch
        prepare(template)
        build(builds, template)

    def new(self) -> Warehouse:
        """A warehouse in which nothing has arrived yet."""
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir(parents=True)
        shutil.copy(self._template.file, self._scratch / self._template.file.name)
        return Warehouse("duckdb", self._scratch, self._template.settings)


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnDuckDB]:
    """Return a way to build warehouses quickly."""
    template = Warehouse("duckdb", tmp_path_factory.mktemp("template"), {"CLICKSTAR_THREADS": "1"})
    with building(template) as builds:
        yield OnDuckDB(builds, template, tmp_path_factory.mktemp("histories") / "one")


def test_any_arrival_gives_the_sessions_of_a_full_refresh(on_duckdb: OnDuckDB) -> None:
    happened.clear()

    @settings(
        max_examples=EXAMPLES,
        derandomize="DELIVERIES" not in os.environ,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(histories())
    def arrivals(steps: list[Step]) -> None:
        check(on_duckdb.builds, on_duckdb.new(), steps)

    arrivals()
    assert happened["built"] >= 3 * EXAMPLES


# --- one history, written out ---------------------------------------------------------------------


def page(event_id: str, minute: int, cookie: str | None, **more: str) -> Record:
    """A page view of our site, some minutes after 23:00."""
    return Record(
        "snowplow", event_id, START + timedelta(minutes=minute), False, True,
        cookie=cookie, page="shop.example/a", **more,
    )  # fmt: skip


def click(event_id: str, minute: int, cookie: str | None, **more: str) -> Record:
    """A click of our redirector."""
    return Record(
        "redirector", event_id, START + timedelta(minutes=minute), True, False,
        cookie=cookie, address="X", page="shop.example/landing", **more,
    )  # fmt: skip


WRITTEN_OUT = [
    # Two visits of A, an hour apart; B is somebody else; a click without a cookie.
    Step({
        "p": [page("a1", 0, "A"), page("a2", 60, "A"), page("b1", 20, "B")],
        "q": [click("c1", 19, None, utm_source="b")],
    }),
    # Two late events close the gap over midnight: one visit. The click's landing page is B's.
    Step({
        "r": [page("a3", 25, "A"), page("a4", 45, "A"), page("z", 60 * 24 * 3, "A")],
        "s": [page("b2", 20, "B", carried="c1")],
    }, kill_at=25),
    # A and B log in as one person, whose second click names another channel than the first: a visit
    # of six events, one more than is believed, and one of four.
    Step({
        "t": [
            page("a5", 61, "A", login="L"), page("b3", 21, "B", login="L"),
            click("c2", 30, "A", utm_source="a"),
        ],
    }),
    # The file that closed the gap is replaced by one without these events, and b is assigned to
    # the channel of a: the visit splits half an hour after the second click, and not before it.
    Step({"r": [page("z", 60 * 24 * 3, "A")]}, channel_of_b=1),
    # A third cookie uses the login: too many share it, and it stitches nobody any more. And a click
    # twenty minutes before midnight.
    Step(
        {
            "u": [page("d1", 62, "D", login="L")],
            "w": [click("z2", 3 * 60 * 24 + 40, "A", utm_source="a")],
        }
    ),
    # An event is restated an hour later, and four more are too many for the visit.
    Step({
        "p": [page("a1", 60, "A"), page("a2", 60, "A"), page("b1", 20, "B")],
        "v": [page(f"m{n}", 62 + n, "A") for n in range(4)],
    }, kill_at=40),
    # The next day begins with a click by another channel: of the visit before midnight nothing
    # changes but what ended it.
    Step({"x": [click("z3", 3 * 60 * 24 + 65, "A", utm_source="b")]}),
    # Two days lose all their events.
    Step({"r": [], "w": [], "x": []}),
]  # fmt: skip


# Sessions, and sessions set aside, after each step.
HOW_MANY = [(4, 0), (3, 0), (2, 1), (2, 1), (7, 0), (5, 1), (6, 1), (3, 1)]


def test_a_history_written_out(on_duckdb: OnDuckDB) -> None:
    """After every step, so that each of the events above is seen to have happened."""
    warehouse = on_duckdb.new()
    landed = Landed()
    counts = []
    for step in WRITTEN_OUT:
        landed.take(step)
        show(warehouse, landed)
        if step.kill_at is not None:
            build(on_duckdb.builds, warehouse, kill_at=step.kill_at)
        build(on_duckdb.builds, warehouse)
        assert differences(warehouse, landed) == []
        [kept] = warehouse.query("select count(*) from marts.fct_sessions")
        [aside] = warehouse.query("select count(*) from marts.fct_quarantined_sessions")
        counts.append((kept[0], aside[0]))
    assert counts == HOW_MANY
    incremental = everything(warehouse)
    build(on_duckdb.builds, warehouse, "--full-refresh")
    assert incremental == everything(warehouse)


# --- what changes without anything else of its day, or of its people ------------------------------


def on(day: int, record: Record) -> Record:
    """The same so many days later."""
    return replace(record, at=record.at + timedelta(days=day))


def logged_in(*pairs: str) -> list[Record]:
    """A page view of a cookie under a login for each `cookie-login`, on the seventh day."""
    return [
        on(6, page(pair, minute, pair.split("-")[0], login=pair.split("-")[1]))
        for minute, pair in enumerate(pairs)
    ]


# Two may share a login, and a cookie may have two.
SAME = [
    *logged_in(
        "A-L", "B-L", "P-M", "Q-M", "D-X", "E-X", "F-X", "T-X", "a1-W", "a2-W", "a3-W",
        "u1-U", "u2-U", "kiosk-k1", "kiosk-k2", "b1-J",
    ),
    on(6, page("V", 59, "V")),
    # Of a day on which no event changes, though its visitors do.
    *(on(3, page(f"{cookie}, too", 10, cookie)) for cookie in ("A", "P", "V", "b1", "u1")),
    # Of the fifth day, and its page after midnight.
    on(4, click("k1", 50, None)),
    # A page after midnight, whose click is not known yet.
    on(2, page("h1", 65, "H", carried="c1")),
]  # fmt: skip
# What each file holds at first, and then instead; after that again what it held first.
REPLACED = {
    # The only event of a day moves to another day; that of another day is withdrawn.
    "moved": ([page("moved", 10, "S")], [on(6, page("moved", 10, "S"))]),
    "gone": ([on(1, page("gone", 10, "G"))], []),
    # The click of a page that is known already, and the page of a click.
    "clicked": ([], [on(2, click("c1", 50, None))]),
    "landed later": ([], [on(4, page("k2", 65, "K", carried="k1"))]),
    # The third who shares the login L goes: the other two are one visitor. A third comes to U.
    "L": (logged_in("C-L"), []),
    "U": ([], logged_in("u3-U")),
    # A third login makes nobody of the cookie of a kiosk.
    "kiosk": ([], logged_in("kiosk-k3")),
    # Q is linked with R as well: P, whom nothing tells of, is the same visitor. b1 and b2 are two.
    "N": ([], logged_in("Q-N", "R-N")),
    "J": (logged_in("b2-J"), []),
    # Too many share W and X. Some are linked with others now, which says nothing of the rest.
    "W": ([], logged_in("a1-W1")),
    "X": ([], logged_in("D-Y", "E-Y", "F-Z")),
    # The only link of V goes.
    "O": (logged_in("V-O"), []),
}  # fmt: skip
CHANGED = [
    Step({"same": SAME, **{path: first for path, (first, _) in REPLACED.items()}}),
    Step({path: then for path, (_, then) in REPLACED.items()}),
    # Of an earlier day the links are worked out again, and its click is of the day before.
    Step({"late": [on(6, page("late", 5, "Z"))]}),
    Step({path: first for path, (first, _) in REPLACED.items()}),
]


def test_what_changes_alone_is_found(on_duckdb: OnDuckDB, tmp_path: Path) -> None:
    """Each of these changes is seen by one rule only. After every step, beside a full refresh."""
    warehouse = on_duckdb.new()
    landed = Landed()
    for number, step in enumerate(CHANGED):
        landed.take(step)
        show(warehouse, landed)
        build(on_duckdb.builds, warehouse)
        assert differences(warehouse, landed) == [], f"after step {number}"
        anew = Warehouse("duckdb", tmp_path, warehouse.settings)
        shutil.copy(warehouse.file, anew.file)
        build(on_duckdb.builds, anew, "--full-refresh")
        assert everything(warehouse) == everything(anew), f"after step {number}"


def test_visitors_that_were_built_anew_alone_are_followed(on_duckdb: OnDuckDB) -> None:
    """What a full refresh of one model stitched is unknown: its readers compare everything."""
    warehouse = on_duckdb.new()
    landed = Landed()
    for step in CHANGED[:2]:
        landed.take(step)
        show(warehouse, landed)
        if step is CHANGED[1]:
            for options in (
                ("int_sessions__received", "int_visitors__daily_links"),
                ("int_visitors__stitched", "--full-refresh"),
            ):
                alone = ("run", "--vars", VARIABLES, "--select", *options)
                assert not on_duckdb.builds.run(warehouse.environment, alone).said
        build(on_duckdb.builds, warehouse)
        assert differences(warehouse, landed) == []


def test_the_files_of_events_are_those_of_the_tables_that_hold_them(tmp_path: Path) -> None:
    """The tables are found in the graph: were one missed, its files would never be read."""
    asked = "{{ landed_tables(['int_clicks__unioned', 'int_page_views__unioned']) | join(' ') }}"
    tables = set(render(asked, Warehouse("duckdb", tmp_path, {})).split())
    assert tables >= {
        "access_log__requests", "alb__requests", "cloudfront__requests", "everflow__clicks",
        "ga4__events", "impact__clicks", "partnerize__clicks", "redirector__clicks",
        "snowplow__events",
    }  # fmt: skip
    assert not tables & {"awin__publisher_transactions", "costs__cost_lines"}


def test_the_same_history_on_postgres(postgres_warehouse: dict[str, str], tmp_path: Path) -> None:
    warehouse = Warehouse("postgres", tmp_path, {**postgres_warehouse, "CLICKSTAR_THREADS": "1"})
    prepare(warehouse)
    happened.clear()
    with building(warehouse) as builds:
        build(builds, warehouse)
        check(builds, warehouse, WRITTEN_OUT)
        # What is left of the first history has other days and other people.
        check(builds, warehouse, CHANGED)
    assert happened["killed"] == 2
