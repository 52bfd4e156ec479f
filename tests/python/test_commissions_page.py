"""The tables of docs/commissions.md: networks from the seeds, examples from the ledger itself.

What the examples must say is worked out by hand in `EVENTS` and `STATES`. `WRITE_DOCS=1` writes the
tables into the page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from pages import hold_tables, table
from rendering import render
from test_commissions_ledger import COLUMNS, ENTRIES, SEEDS, STATES, seed_rows
from warehouses import DATABASE, ROOT, Warehouse

PAGE = ROOT / "docs" / "commissions.md"
CORRECTS = {
    "state": "in place",
    "append": "by more records",
    "final": "by more records, instead of the events'",
}

AWIN, CJ = "awin.publisher_transactions", "cj.publisher_commissions"
# commission, pulled on, feed, record, what the record says: word, sale, commission, paid on.
Pull = tuple[str, str, str, str | None, str, str, str, str | None]
PULLS: list[Pull] = [
    ("partly returned", "2026-03-03", AWIN, None, "pending", "100", "5", None),
    ("partly returned", "2026-03-10", AWIN, None, "pending", "80", "4", None),
    ("partly returned", "2026-03-17", AWIN, None, "pending", "80", "4", None),
    ("partly returned", "2026-04-07", AWIN, None, "approved", "80", "4", None),
    ("partly returned", "2026-05-21", AWIN, None, "approved", "80", "4", "2026-05-21"),
    ("declined", "2026-03-03", AWIN, None, "pending", "60", "3", None),
    ("declined", "2026-04-07", AWIN, None, "declined", "60", "3", None),
    ("corrected", "2026-03-03", CJ, "r1", "new", "50", "2.50", None),
    ("corrected", "2026-03-10", CJ, "r2", "new", "-50", "-2.50", None),
    ("corrected", "2026-03-10", CJ, "r3", "new", "40", "2", None),
    ("corrected", "2026-03-10", CJ, "r1", "new", "50", "2.50", None),
]  # fmt: skip
# pulled on, event, status, sale, commission: on paper.
EVENTS = {
    "partly returned": [
        ("2026-03-03", "created", "pending", "100.00", "5.00"),
        ("2026-03-10", "amended", "pending", "-20.00", "-1.00"),
        # The pull of March 17 says nothing new.
        ("2026-04-07", "approved", "approved", "0.00", "0.00"),
        ("2026-05-21", "paid", "approved", "0.00", "0.00"),
    ],
    "declined": [
        ("2026-03-03", "created", "pending", "60.00", "3.00"),
        ("2026-04-07", "reversed", "reversed", "0.00", "0.00"),
    ],
    "corrected": [
        ("2026-03-03", "created", "pending", "50.00", "2.50"),
        ("2026-03-10", "reversed", "reversed", "-50.00", "-2.50"),
        # Pulled again with it, the first record adds nothing.
        ("2026-03-10", "reopened", "pending", "40.00", "2.00"),
    ],
}
# At the end of the day: status, commission: gross, net, reversed.
STATES_THEN = {
    ("partly returned", "2026-03-09"): ("pending", "5.00", "5.00", "0.00"),
    ("partly returned", "2026-06-01"): ("approved", "5.00", "4.00", "1.00"),
    ("declined", "2026-03-09"): ("pending", "3.00", "3.00", "0.00"),
    ("declined", "2026-06-01"): ("reversed", "3.00", "0.00", "3.00"),
    ("corrected", "2026-03-09"): ("pending", "2.50", "2.50", "0.00"),
    ("corrected", "2026-06-01"): ("pending", "2.50", "2.00", "0.50"),
}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection with the pulls in a table, and the ledger's two macros as views on it."""
    warehouse = Warehouse("duckdb", tmp_path_factory.mktemp("dbt"))
    entries, states = render(f"{ENTRIES} ;; {STATES}", warehouse).split(" ;; ")
    with duckdb.connect() as connection:
        connection.execute(f"create table all_observations ({COLUMNS})")
        connection.execute(f"attach ':memory:' as {DATABASE}; create schema {DATABASE}.seeds")
        for name, columns in SEEDS.items():
            connection.execute(f"create table {DATABASE}.seeds.{name} ({columns})")
            marks = ", ".join("?" * len(seed_rows(name)[0]))
            connection.executemany(
                f"insert into {DATABASE}.seeds.{name} values ({marks})", seed_rows(name)
            )
        connection.execute("create table until_day (day date)")
        connection.execute(
            "create view observations as select * from all_observations"
            " where pulled_at < (select day + interval 1 day from until_day)"
        )
        connection.execute(f"create view entries_of_test as {entries}")
        connection.execute(f"create view states_of_test as {states}")
        for line, pull in enumerate(PULLS, start=1):
            _insert(connection, line, pull)
        yield connection


def _insert(connection: duckdb.DuckDBPyConnection, line: int, pull: Pull) -> None:
    name, pulled, feed, record, word, sale, commission, paid = pull
    pulled_at = dt.datetime.fromisoformat(pulled)
    row: dict[str, Any] = {
        "commission_key": list(EVENTS).index(name),
        "feed": feed,
        "network_code": feed.split(".")[0],
        "record_code": record,
        "network_status": word,
        "currency_code": "EUR",
        "sale_amount": sale,
        "commission_amount": commission,
        "paid_at": paid,
        "occurred_at": dt.datetime(2026, 3, 2),
        "pulled_at": pulled_at,
        "file_id": pulled_at.toordinal(),
        "line_number": line,
    }
    connection.execute(
        f"insert into all_observations ({', '.join(row)}) values ({', '.join('?' * len(row))})",
        list(row.values()),
    )


def _until(connection: duckdb.DuckDBPyConnection, day: str) -> None:
    connection.execute("delete from until_day")
    connection.execute("insert into until_day values (?)", [day])


def _events(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    _until(connection, "2026-06-01")
    found: dict[str, list[tuple[Any, ...]]] = {name: [] for name in EVENTS}
    for key, *event in connection.sql(
        "select commission_key, strftime(pulled_at, '%Y-%m-%d'), change_type, status,"
        " printf('%.2f', sale_amount), printf('%.2f', commission_amount)"
        " from entries_of_test order by commission_key, place"
    ).fetchall():
        found[list(EVENTS)[key]].append(tuple(event))
    return found


def _states(connection: duckdb.DuckDBPyConnection, day: str) -> dict[str, tuple[Any, ...]]:
    _until(connection, day)
    return {
        list(EVENTS)[key]: tuple(state)
        for key, *state in connection.sql(
            "select commission_key, status, printf('%.2f', gross_commission_amount),"
            " printf('%.2f', net_commission_amount),"
            " printf('%.2f', gross_commission_amount - net_commission_amount)"
            " from states_of_test"
        ).fetchall()
    }


def test_every_event_is_the_one_worked_out_by_hand(ledger: duckdb.DuckDBPyConnection) -> None:
    assert _events(ledger) == EVENTS


def test_every_state_is_the_one_worked_out_by_hand(ledger: duckdb.DuckDBPyConnection) -> None:
    found = {
        (name, day): state
        for day in ("2026-03-09", "2026-06-01")
        for name, state in _states(ledger, day).items()
    }
    assert found == STATES_THEN


def _tables(ledger: duckdb.DuckDBPyConnection) -> dict[str, str]:
    feeds = [
        (network, f"`{feed}`", CORRECTS[mode], text)
        for feed, network, mode, _, text in sorted(seed_rows("commission_feeds"))
    ]
    words: dict[str, dict[str, list[str]]] = {}
    for network, word, status, _ in seed_rows("commission_statuses"):
        words.setdefault(network, {}).setdefault(status, []).append(word)
    statuses = [
        (
            network,
            *(", ".join(said.get(status, [])) for status in ("pending", "approved", "reversed")),
            ", ".join(f"{word}: {status}" for status in ("deleted", "test")
                      for word in said.get(status, [])),
        )
        for network, said in sorted(words.items())
    ]  # fmt: skip
    events = [(name, *event) for name, told in _events(ledger).items() for event in told]
    states = [
        (name, day, *state)
        for name in EVENTS
        for day in ("2026-03-09", "2026-06-01")
        for state in [_states(ledger, day)[name]]
    ]
    return {
        "feeds": table("network, feed, corrects, what it holds", feeds),
        "statuses": table("network, pending, approved, reversed, other", statuses),
        "events": table("commission, pulled on, event, status, sale, commission", events),
        "states": table("commission, known on, status, gross, net, reversed", states),
    }


def test_the_page_shows_what_the_ledger_says(ledger: duckdb.DuckDBPyConnection) -> None:
    hold_tables(PAGE, _tables(ledger))
