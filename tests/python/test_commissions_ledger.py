"""The commission ledger against an independent fold, and its rules by hand, on both engines.

The observations are drawn at random: pulls that overlap, arrive in any order and repeat themselves,
records that are pulled again with another status, feeds that take over from others, currencies that
change, amounts that one view knows and another does not.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import duckdb
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commissions_oracle import Entry, Observation, Sums, expected_entries, expected_sums
from private_postgres import PostgresServer
from rendering import render
from warehouses import DATABASE, ROOT, Warehouse

ENTRIES = "{{ commission_entries('observations') }}"
STATES = "{{ commission_states('entries_of_test') }}"
COLUMNS = (
    "commission_key bigint, feed varchar(63), network_code varchar(30), record_code varchar(255),"
    " side varchar(20), account_code varchar(128), network_status varchar(63), reason varchar(500),"
    " currency_code varchar(3), sale_amount numeric(18,6), commission_amount numeric(18,6),"
    " network_fee_amount numeric(18,6), paid_at timestamp, occurred_at timestamp,"
    " modified_at timestamp, pulled_at timestamp, full_from timestamp, full_to timestamp,"
    " rejected_records bigint, file_id bigint, line_number bigint"
)
SEEDS = {
    "commission_feeds": "feed varchar(63), network_code varchar(30), mode varchar(10),"
    " declares_full_windows boolean, description varchar(255)",
    "commission_statuses": "network_code varchar(30), network_status varchar(63),"
    " status varchar(10), description varchar(255)",
}
DAY = dt.datetime(2026, 3, 1)
RELAXED = [HealthCheck.too_slow, HealthCheck.data_too_large]
# feed, mode, words and what they mean
KINDS = (
    ("awin.publisher_transactions", "state", {"pending": "pending", "declined": "reversed"}),
    ("awin.advertiser_transactions", "state", {"pending": "pending", "approved": "approved"}),
    ("cj.publisher_commissions", "append", {"new": "pending", "locked": "approved"}),
    ("rakuten.events", "append", {"realtime": "pending"}),
    ("rakuten.signature", "final", {"signature": "approved"}),
    ("impact.actions", "state", {"approved": "approved", "unheard": "other"}),
    ("impact.action_updates", "append", {"pending": "pending", "reversed": "reversed"}),
)


def seed_rows(name: str) -> list[list[str]]:
    """The rows of a seed of the project."""
    with (ROOT / "seeds" / f"{name}.csv").open(newline="") as file:
        return list(csv.reader(file))[1:]


# --- random observations --------------------------------------------------------------------------

AMOUNT = st.one_of(st.none(), st.integers(-300, 900).map(lambda cents: Decimal(cents).scaleb(-2)))


@st.composite
def histories(draw: st.DrawFn) -> list[Observation]:
    """What some pulls say of a few commissions."""
    seen: list[Observation] = []
    for number in range(1, draw(st.integers(1, 14)) + 1):
        commission = draw(st.integers(1, 2))
        # The feeds of one network speak of one commission.
        network = ("awin", "cj", "rakuten", "impact")[draw(st.integers(0, 1)) * 2 + commission - 1]
        feed, mode, words = draw(
            st.sampled_from([kind for kind in KINDS if kind[0].startswith(network)])
        )
        word = draw(st.sampled_from(sorted(words)))
        pulled = DAY + dt.timedelta(days=draw(st.integers(0, 4)))
        modified = draw(st.one_of(st.none(), st.integers(-3, 4)))
        seen.append(
            Observation(
                commission=commission * 10 + ("awin", "cj", "rakuten", "impact").index(network),
                feed=feed,
                mode=mode,
                record=None if mode == "state" else draw(st.sampled_from(["r1", "r2", "r3"])),
                status=words[word],
                word=word,
                currency=draw(st.sampled_from(["EUR", "EUR", "EUR", "USD", None])),
                amounts=(draw(AMOUNT), draw(AMOUNT), draw(AMOUNT)),
                modified_at=None if modified is None else DAY + dt.timedelta(days=modified),
                pulled_at=pulled,
                paid_at=draw(st.one_of(st.none(), st.none(), st.just(pulled))),
                file_id=draw(st.integers(1, 3)),
                line_number=number,
            )
        )
    return seen


# --- running the macros ---------------------------------------------------------------------------


class Run(Protocol):
    """Runs the ledger over observations; the rows of entries and of states as dictionaries."""

    def __call__(
        self, observations: Sequence[dict[str, Any]]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]: ...


def row_of(seen: Observation) -> dict[str, Any]:
    """An observation as a row."""
    return {
        "commission_key": seen.commission,
        "feed": seen.feed,
        "network_code": seen.feed.split(".")[0],
        "record_code": seen.record,
        "network_status": seen.word.upper(),
        "currency_code": seen.currency,
        "sale_amount": seen.amounts[0],
        "commission_amount": seen.amounts[1],
        "network_fee_amount": seen.amounts[2],
        "paid_at": seen.paid_at,
        "occurred_at": DAY,
        "modified_at": seen.modified_at,
        "pulled_at": seen.pulled_at,
        "file_id": seen.file_id,
        "line_number": seen.line_number,
    }


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Return what the two macros compile to, over tables of the tests' own."""
    warehouse = Warehouse("duckdb", tmp_path_factory.mktemp("dbt"))
    sql = render(f"{ENTRIES} ;; {STATES}", warehouse)
    # The seeds, too, are tables of the tests' own.
    sql = re.sub(rf'"{DATABASE}"\."\w+"\."(commission_\w+)"', r"\1", sql)
    entries, states = sql.split(" ;; ")
    return entries, states.replace("entries_of_test", f"({entries}) as entries_of_test")


def _values(observations: Sequence[dict[str, Any]]) -> list[list[Any]]:
    names = [column.split()[0] for column in re.sub(r"\(\d+,\d+\)", "", COLUMNS).split(",")]
    return [[row.get(name) for name in names] for row in observations]


@pytest.fixture(scope="module")
def on_duckdb(compiled: tuple[str, str]) -> Iterator[Run]:
    """Return a function that runs the ledger on DuckDB."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"create temp table observations ({COLUMNS})")
        for name, columns in SEEDS.items():
            connection.execute(f"create temp table {name} ({columns})")
            rows = seed_rows(name)
            marks = ", ".join(["(" + ", ".join("?" * len(rows[0])) + ")"] * len(rows))
            connection.execute(
                f"insert into {name} values {marks}", [value for row in rows for value in row]
            )

        def run(
            observations: Sequence[dict[str, Any]],
        ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
            connection.execute("delete from observations")
            rows = _values(observations)
            marks = ", ".join(["(" + ", ".join("?" * len(rows[0])) + ")"] * len(rows))
            connection.execute(
                f"insert into observations values {marks}", [v for row in rows for v in row]
            )
            found = []
            for sql in compiled:
                result = connection.execute(sql)
                names = [str(column[0]) for column in result.description or []]
                found.append([dict(zip(names, row, strict=True)) for row in result.fetchall()])
            return found[0], found[1]

        yield run


@pytest.fixture(scope="module")
def on_postgres(compiled: tuple[str, str], postgres_server: PostgresServer) -> Iterator[Run]:
    """Return a function that runs the ledger on PostgreSQL."""
    name = "commission_ledger"
    postgres_server.create_database(name)
    with postgres_server.connect(name) as connection:
        connection.autocommit = True
        connection.execute(f"create temp table observations ({COLUMNS})".encode())
        for seed, columns in SEEDS.items():
            connection.execute(f"create temp table {seed} ({columns})".encode())
            with connection.cursor().copy(f"copy {seed} from stdin".encode()) as copy:
                for row in seed_rows(seed):
                    copy.write_row(row)

        def run(
            observations: Sequence[dict[str, Any]],
        ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
            connection.execute("truncate observations")
            with connection.cursor().copy("copy observations from stdin") as copy:
                for row in _values(observations):
                    copy.write_row(row)
            found = []
            for sql in compiled:
                cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
                found.append(cursor.execute(sql.encode()).fetchall())
            return found[0], found[1]

        yield run
    postgres_server.drop_database(name)


def entries_of(rows: Sequence[dict[str, Any]]) -> list[Entry]:
    """The macro's rows as entries, in order."""
    return sorted(
        (
            Entry(
                row["commission_key"],
                row["currency_code"],
                row["place"],
                row["change_type"],
                row["status"],
                (row["sale_amount"], row["commission_amount"], row["network_fee_amount"]),
                row["pulled_at"],
            )
            for row in rows
        ),
        key=lambda entry: (entry.commission, entry.place, entry.currency or ""),
    )


def check(observations: list[Observation], run: Run) -> None:
    """The ledger is the oracle's; also as it was known on a day, from what had been pulled."""
    for day in (2, 9):
        known = [o for o in observations if o.pulled_at <= DAY + dt.timedelta(days=day)]
        if not known:
            continue
        entries, states = run([row_of(one) for one in known])
        assert entries_of(entries) == expected_entries(known)
        sums = expected_sums(known)
        for state in states:
            found: Sums = (
                state["sale_amount"],
                state["commission_amount"],
                state["network_fee_amount"],
            )
            assert found == sums[state["commission_key"], state["currency_code"]]
        assert {s["commission_key"] for s in states} == {o.commission for o in known}


@settings(max_examples=80, deadline=None, suppress_health_check=RELAXED)
@given(observations=histories())
def test_the_ledger_equals_the_fold_on_duckdb(
    observations: list[Observation], on_duckdb: Run
) -> None:
    check(observations, on_duckdb)


@settings(max_examples=60, deadline=None, suppress_health_check=RELAXED)
@given(observations=histories())
def test_the_ledger_equals_the_fold_on_postgres(
    observations: list[Observation], on_postgres: Run
) -> None:
    check(observations, on_postgres)


# --- the rules, one by one ------------------------------------------------------------------------


def awin(day: int, word: str, sale: str, commission: str, **more: Any) -> Observation:
    """A pull of Awin transaction 1 on a day of March 2026."""
    given: dict[str, Any] = {"currency": "EUR", "paid_at": None} | more
    return Observation(
        commission=1,
        feed="awin.publisher_transactions",
        mode="state",
        record=None,
        status={"declined": "reversed"}.get(word, word),
        word=word,
        currency=given["currency"],
        amounts=(Decimal(sale), Decimal(commission), None),
        modified_at=None,
        pulled_at=DAY + dt.timedelta(days=day - 1),
        paid_at=given["paid_at"],
        file_id=day,
        line_number=1,
    )


def told(rows: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What happened, the status after it, and the signed amounts."""
    return [
        (e.change_type, e.status, e.currency, *map(str, (e.amounts[0], e.amounts[1])))
        for e in entries_of(rows)
    ]


def test_a_pending_and_an_approved_export_of_one_action_are_one_commission_with_two_events(
    on_duckdb: Run,
) -> None:
    entries, states = on_duckdb(
        [row_of(awin(1, "pending", "100", "5")), row_of(awin(30, "approved", "100", "5"))]
    )
    assert told(entries) == [
        ("created", "pending", "EUR", "100.000000", "5.000000"),
        ("approved", "approved", "EUR", "0.000000", "0.000000"),
    ]
    assert [(s["status"], str(s["net_commission_amount"])) for s in states] == [
        ("approved", "5.000000")
    ]
    assert states[0]["approved_at"] == DAY + dt.timedelta(days=29)


def test_a_pull_again_without_a_change_is_no_event(on_duckdb: Run) -> None:
    pulls = [awin(day, "pending", "100", "5") for day in (1, 8, 15)]
    entries, _ = on_duckdb([row_of(one) for one in pulls])
    assert len(entries) == 1


def test_a_rejected_commission_keeps_its_gross_and_has_no_net(on_duckdb: Run) -> None:
    pulls = [awin(1, "pending", "100", "5"), awin(8, "declined", "100", "5")]
    _, states = on_duckdb([row_of(one) for one in pulls])
    assert (str(states[0]["gross_commission_amount"]), str(states[0]["net_commission_amount"])) == (
        "5.000000",
        "0.000000",
    )
    assert states[0]["reversed_at"] == DAY + dt.timedelta(days=7)


def test_a_partial_refund_is_the_difference(on_duckdb: Run) -> None:
    pulls = [awin(1, "pending", "100", "5"), awin(8, "approved", "60", "3")]
    entries, states = on_duckdb([row_of(one) for one in pulls])
    assert told(entries)[1] == ("approved", "approved", "EUR", "-40.000000", "-2.000000")
    assert str(states[0]["gross_sale_amount"]) == "100.000000"
    assert str(states[0]["net_sale_amount"]) == "60.000000"


def test_a_changed_currency_takes_the_whole_amount_out_of_the_old_one(on_duckdb: Run) -> None:
    pulls = [awin(1, "pending", "100", "5"), awin(8, "pending", "110", "6", currency="USD")]
    entries, states = on_duckdb([row_of(one) for one in pulls])
    assert told(entries)[1:] == [
        ("restated", "pending", "EUR", "-100.000000", "-5.000000"),
        ("restated", "pending", "USD", "110.000000", "6.000000"),
    ]
    assert [(s["currency_code"], str(s["sale_amount"])) for s in states] == [("USD", "110.000000")]


def test_paid_is_a_date_and_not_a_status(on_duckdb: Run) -> None:
    paid_at = DAY + dt.timedelta(days=40)
    pulls = [awin(1, "approved", "100", "5"), awin(41, "approved", "100", "5", paid_at=paid_at)]
    entries, states = on_duckdb([row_of(one) for one in pulls])
    assert told(entries)[1][:2] == ("paid", "approved")
    assert (states[0]["status"], states[0]["paid_at"]) == ("approved", paid_at)


def test_the_networks_own_time_decides_and_not_the_order_of_arrival(on_duckdb: Run) -> None:
    """The older state is pulled, and lies in the landing folder, after the newer one."""
    newer = replace(awin(2, "approved", "60", "3"), modified_at=DAY + dt.timedelta(days=1))
    older = replace(awin(9, "pending", "100", "5"), modified_at=DAY)
    entries, states = on_duckdb([row_of(newer), row_of(older)])
    assert told(entries) == [
        ("created", "pending", "EUR", "100.000000", "5.000000"),
        ("approved", "approved", "EUR", "-40.000000", "-2.000000"),
    ]
    assert str(states[0]["sale_amount"]) == "60.000000"


def cj(record: str, day: int, word: str, sale: str, commission: str) -> dict[str, Any]:
    """A record of CJ's commission 2."""
    return row_of(
        Observation(
            commission=2,
            feed="cj.publisher_commissions",
            mode="append",
            record=record,
            status="pending",
            word=word,
            currency="USD",
            amounts=(Decimal(sale), Decimal(commission), None),
            modified_at=DAY + dt.timedelta(days=day - 1),
            pulled_at=DAY + dt.timedelta(days=day),
            paid_at=None,
            file_id=day,
            line_number=int(record),
        )
    )


def test_a_correction_of_two_records_is_the_sum_and_pulling_a_record_again_adds_nothing(
    on_duckdb: Run,
) -> None:
    """CJ restates by a record that takes the old amounts back and one with the new ones."""
    entries, states = on_duckdb(
        [
            cj("1", 1, "new", "100", "5"),
            cj("1", 20, "locked", "100", "5"),
            cj("2", 12, "new", "-100", "-5"),
            cj("3", 12, "new", "60", "3"),
            cj("3", 20, "locked", "60", "3"),
        ]
    )
    assert told(entries) == [
        ("created", "pending", "USD", "100.000000", "5.000000"),
        ("reversed", "reversed", "USD", "-100.000000", "-5.000000"),
        ("reopened", "pending", "USD", "60.000000", "3.000000"),
        ("approved", "approved", "USD", "0.000000", "0.000000"),
    ]
    assert str(states[0]["net_commission_amount"]) == "3.000000"


def test_an_accounting_feed_replaces_what_the_provisional_one_said(on_duckdb: Run) -> None:
    def rakuten(feed: str, record: str, day: int, sale: str) -> dict[str, Any]:
        row = cj("1", day, "realtime", sale, "1")
        word = "signature" if feed == "signature" else "realtime"
        return row | {
            "commission_key": 3,
            "feed": f"rakuten.{feed}",
            "network_code": "rakuten",
            "record_code": record,
            "network_status": word,
        }

    _, states = on_duckdb(
        [
            rakuten("events", "e1", 1, "100"),
            rakuten("events", "e2", 2, "-10"),
            rakuten("signature", "s1", 9, "95"),
            rakuten("signature", "s2", 10, "-5"),
            rakuten("signature", "s1", 11, "95"),
            rakuten("events", "e3", 12, "-5"),
        ]
    )
    assert [(str(s["sale_amount"]), s["status"]) for s in states] == [("90.000000", "approved")]


def everflow(commission: int, day: int, **more: Any) -> dict[str, Any]:
    """A pull of an Everflow conversion of 2 March."""
    return row_of(awin(day, "approved", "100", "5")) | {
        "commission_key": commission,
        "feed": "everflow.conversions",
        "network_code": "everflow",
        "occurred_at": DAY + dt.timedelta(days=1),
        **more,
    }


def test_silence_of_a_full_window_deletes_and_other_silence_says_nothing(on_duckdb: Run) -> None:
    window = {"full_from": DAY, "full_to": DAY + dt.timedelta(days=5)}
    later = {"full_from": DAY + dt.timedelta(days=5), "full_to": DAY + dt.timedelta(days=9)}
    both = [everflow(4, 6, **window), everflow(5, 6, **window)]
    _, states = on_duckdb([*both, everflow(4, 9, **window)])
    assert {s["commission_key"]: s["status"] for s in states} == {4: "approved", 5: "deleted"}
    assert {s["commission_key"]: str(s["sale_amount"]) for s in states}[5] == "0.000000"
    _, states = on_duckdb([*both, everflow(4, 9)])
    assert {s["status"] for s in states} == {"approved"}
    # A record of the pull was rejected: it may be the missing one.
    _, states = on_duckdb([*both, everflow(4, 9, **window, rejected_records=1)])
    assert {s["status"] for s in states} == {"approved"}
    outside = everflow(6, 10, **later) | {"occurred_at": DAY + dt.timedelta(days=6)}
    _, states = on_duckdb([*both, outside])
    assert {s["status"] for s in states} == {"approved"}
    # It is there again in a later pull: the deletion was a mistake of the network.
    _, states = on_duckdb([*both, everflow(4, 9, **window), everflow(5, 12, **window)])
    assert {s["commission_key"]: s["status"] for s in states}[5] == "approved"


def test_a_commission_that_moved_within_a_replaced_file_is_observed_anew(
    tmp_path: Path,
) -> None:
    """A fingerprint of weighted last bits was the same for these: 3 times the file, 7 the line."""
    state = render("{{ observations_state() }}", Warehouse("duckdb", tmp_path))
    rows = "select {0} as file_id, {1} as line_number, timestamp '2026-05-01 04:00:00' as pulled_at"
    with duckdb.connect() as connection:
        states = {
            connection.execute(f"select {state} from ({rows.format(*where)})").fetchall()[0]
            for where in ((870429913525472412, 445), (1083307239242944449, 100))
        }
    assert len(states) == 2
