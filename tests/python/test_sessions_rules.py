"""Sessions and stitched visitors against an oracle that reads the rules event by event.

The macros `sessions_of` and `connected_components` run as dbt compiles them, over drawn rows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

import duckdb
import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from private_postgres import PostgresServer
from rendering import render
from sessions_oracle import Event, expected_components, expected_sessions
from warehouses import DATABASE, ROOT, Warehouse

Row = tuple[object, ...]
START = datetime(2026, 3, 1, 23, 0)
ROUNDS = 12
SESSIONS = (
    "with given_events as (select * from events), {{ sessions_of('given_events') }}"
    " select event_key, session_key, chain_key, ended_by, quarantine_reason from sessions"
)
COMPONENTS = (
    "with links as (select * from given_links), {{ connected_components('links', %d) }}"
    " select node, component from components"
)


class Engine(Protocol):
    """Something that runs SQL over given rows."""

    def run(self, table: str, columns: str, rows: Sequence[Row], sql: str) -> list[Row]:
        """The rows of a query over a table with these rows."""


class OnDuckDB:
    """DuckDB in memory."""

    def __init__(self) -> None:
        self.target = {"TARGET": "duckdb"}
        self._connection = duckdb.connect()

    def run(self, table: str, columns: str, rows: Sequence[Row], sql: str) -> list[Row]:
        """See `Engine`."""
        self._connection.execute(f"create or replace table {table} ({columns})")
        if rows:
            marks = ", ".join(["unnest(?)"] * len(rows[0]))
            values = [list(column) for column in zip(*rows, strict=True)]
            self._connection.execute(f"insert into {table} select {marks}", values)
        return self._connection.sql(sql).fetchall()


class OnPostgres:
    """A database of the tests' own server."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.target = environment
        self._environment = environment

    def run(self, table: str, columns: str, rows: Sequence[Row], sql: str) -> list[Row]:
        """See `Engine`."""
        names = ("HOST", "PORT", "USER", "PASSWORD")
        host, port, user, password = (self._environment[f"CLICKSTAR_POSTGRES_{n}"] for n in names)
        with psycopg.connect(
            host=host,
            port=int(port),
            user=user,
            password=password,
            dbname=self._environment["CLICKSTAR_POSTGRES_DATABASE"],
        ) as session:
            session.execute(f"create temporary table {table} ({columns})".encode())
            if rows:
                with session.cursor().copy(f"copy {table} from stdin".encode()) as copy:
                    for row in rows:
                        copy.write_row(row)
            session.execute(f"analyze {table}".encode())
            return session.execute(sql.encode()).fetchall()


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def engine(request: pytest.FixtureRequest) -> Iterator[OnDuckDB | OnPostgres]:
    """Return each engine in turn."""
    if request.param == "duckdb":
        yield OnDuckDB()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    yield OnPostgres(server.create_database(DATABASE))
    server.drop_database(DATABASE)


@dataclass(frozen=True)
class Compiled:
    """The SQL of the macros for an engine; the last one with one round only."""

    sessions: str
    components: str
    one_round: str


@pytest.fixture(scope="module")
def compiled(engine: OnDuckDB | OnPostgres, tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """Return the macros as compiled for the engine, all at once."""
    calls = [SESSIONS, COMPONENTS % ROUNDS, COMPONENTS % 1]
    mark = "-- next call"
    folder = tmp_path_factory.mktemp("compiled")
    warehouse = Warehouse(engine.target["TARGET"], folder, engine.target)
    return Compiled(*render(f"\n{mark}\n".join(calls), warehouse).split(mark))


# --- sessions -------------------------------------------------------------------------------------


def divided(engine: Engine, sql: str, events: Sequence[Event]) -> list[Row]:
    columns = (
        "event_key bigint, visitor_id bigint, event_at timestamp, campaign_id bigint,"
        " channel_current_key bigint"
    )
    rows = [(e.key, e.visitor, e.at, e.campaign, e.channel) for e in events]
    return sorted(engine.run("events", columns, rows, sql))


def worked_out(events: Sequence[Event]) -> list[Row]:
    return sorted(
        (event.key, session.events[0].key, session.chain, session.ended_by, session.reason())
        for session in expected_sessions(events)
        for event in session.events
    )


# Gaps just below, at and above the limit; equal moments; long and short runs.
GAPS = st.sampled_from([0, 1, 600, 1799, 1800, 1801, 3600])
NAMES = st.sampled_from([None, None, 1, 2])


@st.composite
def visits(draw: st.DrawFn) -> list[Event]:
    """Events of two visitors."""
    events, moment = [], START
    keys = draw(st.permutations(range(100, 130)))
    for key in keys[: draw(st.integers(1, 30))]:
        moment += timedelta(seconds=draw(GAPS))
        events.append(Event(key, draw(st.integers(1, 2)), moment, draw(NAMES), draw(NAMES)))
    return events


def test_sessions_are_those_of_the_oracle(
    engine: OnDuckDB | OnPostgres, compiled: Compiled
) -> None:
    @settings(
        max_examples=300 if isinstance(engine, OnDuckDB) else 30,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(visits())
    def check(events: list[Event]) -> None:
        assert divided(engine, compiled.sessions, events) == worked_out(events)

    check()


def minutes(*values: float) -> list[datetime]:
    return [START + timedelta(minutes=value) for value in values]


def test_a_session_worked_out_by_hand(engine: OnDuckDB | OnPostgres, compiled: Compiled) -> None:
    """Over midnight; a new campaign; a new channel; half an hour to the second."""
    at = minutes(0, 29, 58, 70, 71, 72, 101.99, 132)
    events = [
        Event(1, 7, at[0], campaign=1, channel=1),
        Event(2, 7, at[1]),
        Event(3, 7, at[2], channel=1),
        Event(4, 7, at[3], campaign=2, channel=1),
        Event(5, 7, at[4], campaign=2, channel=2),
        Event(6, 7, at[5]),
        Event(7, 7, at[6], campaign=2),
        Event(8, 7, at[7]),
    ]
    assert divided(engine, compiled.sessions, events) == [
        (1, 1, 1, "campaign", None),
        (2, 1, 1, "campaign", None),
        (3, 1, 1, "campaign", None),
        (4, 4, 1, "channel", None),
        (5, 5, 1, "inactivity", None),
        (6, 5, 1, "inactivity", None),
        (7, 5, 1, "inactivity", None),
        (8, 8, 8, "inactivity", None),
    ]


def test_sessions_at_and_over_the_limits(engine: OnDuckDB | OnPostgres, compiled: Compiled) -> None:
    """A day to the second and 2,000 events are kept; a second and an event more are set aside."""
    day = [Event(n, 1, START + timedelta(minutes=20 * n)) for n in range(73)]
    longer = [Event(1000 + n, 2, START + timedelta(minutes=20 * n)) for n in range(72)]
    longer.append(Event(1072, 2, START + timedelta(hours=24, seconds=1)))
    many = [Event(2000 + n, 3, START + timedelta(seconds=n)) for n in range(2000)]
    more = [Event(5000 + n, 4, START + timedelta(seconds=n)) for n in range(2001)]
    found = divided(engine, compiled.sessions, [*day, *longer, *many, *more])
    assert {row[1:] for row in found} == {
        (0, 0, "inactivity", None),
        (1000, 1000, "inactivity", "too_long"),
        (2000, 2000, "inactivity", None),
        (5000, 5000, "inactivity", "too_many_events"),
    }
    assert len(found) == len(day) + len(longer) + len(many) + len(more)


# --- visitors -------------------------------------------------------------------------------------


def connected(engine: Engine, sql: str, links: Sequence[tuple[int, int]]) -> dict[object, object]:
    rows = engine.run("given_links", "identifier_id bigint, other_id bigint", links, sql)
    found = {row[0]: row[1] for row in rows}
    assert len(found) == len(rows)
    return found


# A few identifiers that meet often, in the numbers of a hash.
LINKS = st.lists(
    st.tuples(st.integers(0, 24), st.integers(100, 124)).map(
        lambda link: (link[0] * 7919 % 263 * 10**15, link[1] * 104_729 % 263 * 10**15)
    ),
    max_size=40,
)


def path(length: int, seed: int) -> list[tuple[int, int]]:
    """A chain of identifiers, each linked to the next one, named at random."""
    nodes = list(range(length))
    random.Random(seed).shuffle(nodes)
    return list(pairwise(nodes))


def test_visitors_are_those_of_the_oracle(
    engine: OnDuckDB | OnPostgres, compiled: Compiled
) -> None:
    @settings(
        max_examples=150 if isinstance(engine, OnDuckDB) else 15,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @example(path(200, 1))
    @example([(n, n + 1) for n in range(199)])
    @example([(n + 1, n) for n in range(199)])
    @given(LINKS)
    def check(links: list[tuple[int, int]]) -> None:
        assert connected(engine, compiled.components, links) == expected_components(links)

    check()


def test_long_chains_converge_in_the_rounds_that_the_model_has(
    engine: OnDuckDB | OnPostgres, compiled: Compiled
) -> None:
    """A hundred chains of 300 identifiers in one: longer than any person's."""
    model = ROOT / "models" / "intermediate" / "visitors" / "int_visitors__stitched.sql"
    assert f"set rounds = {ROUNDS} " in model.read_text()
    links = [
        (1000 * number + one, 1000 * number + other)
        for number in range(100)
        for one, other in path(300, number)
    ]
    assert connected(engine, compiled.components, links) == expected_components(links)


def test_too_few_rounds_are_seen(engine: OnDuckDB | OnPostgres, compiled: Compiled) -> None:
    """With one round a chain of a thousand falls apart, which `links_are_stitched` would find."""
    links = path(1000, 3)
    found = connected(engine, compiled.one_round, links)
    assert any(found[one] != found[other] for one, other in links)
