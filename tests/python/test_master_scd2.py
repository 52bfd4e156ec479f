"""The macro `scd2` against an independent reading of its rule, and against real histories."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from typing import Protocol

import duckdb
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from private_postgres import PostgresServer
from rendering import render
from scd2_oracle import BEGINNING, END, Edit, Values, Version, expected_versions
from warehouses import Warehouse

CALL = "{{ scd2('history', ['code'], ['name', 'channel', 'score', 'is_active']) }}"
DATED_CALL = (
    "{{ scd2('history', ['code'], ['name', 'channel', 'score', 'is_active'],"
    " effective_by_default=beginning_of_time(), open_to_past=false) }}"
)
FIELDS = ("name", "channel", "score", "is_active")
COLUMNS = (
    "code varchar(20), history_id bigint, recorded_at timestamp, change_type varchar(1),"
    " effective_from timestamp, name varchar(100), channel varchar(100), score integer,"
    " is_active boolean, file_id bigint, line_number bigint"
)

# --- random histories -----------------------------------------------------------------------------

VALUES = st.tuples(
    st.sampled_from(["Ann", "Bob", "", None]),
    # Which of the records it points to.
    st.sampled_from(["a", "b", None]),
    st.sampled_from([0, 1, None]),
    st.sampled_from([True, False, None]),
)
DAY = datetime(2024, 1, 1)


@dataclass(frozen=True)
class Merge:
    """One record became part of another, as `mdm/changes/service.py` writes it.

    Attributes:
        loser: the record that rests from now on.
        winner: the record that what pointed to the loser points to now.
        was_active: whether the loser was active.
        moved: the records that pointed to the loser.
    """

    loser: str
    winner: str
    was_active: object
    moved: tuple[str, ...]


class Historian:
    """Writes a history: single edits, merges and unmerges, each row with the next number."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.edits: list[Edit] = []
        self.values: dict[str, Values] = {}
        self.alive: dict[str, bool] = {}
        self.merges: list[Merge] = []
        self.recorded_at = DAY
        self.effective: datetime | None = None

    def write(self, code: str, kind: str, values: Values) -> None:
        """Write one row of a record."""
        number = len(self.edits) + 1
        self.edits.append(Edit(code, number, self.recorded_at, kind, self.effective, values))
        self.values[code] = values
        self.alive[code] = kind != "-"

    def set(self, code: str, field: str, value: object) -> None:
        """Write one field of a record."""
        place = FIELDS.index(field)
        before = self.values[code]
        self.write(code, "~", (*before[:place], value, *before[place + 1 :]))

    def point(self, codes: Iterable[str], source: str, target: str) -> tuple[str, ...]:
        """Point those records elsewhere that point to the source; return which they are."""
        place = FIELDS.index("channel")
        moved = tuple(c for c in codes if self.alive[c] and self.values[c][place] == source)
        for code in moved:
            self.set(code, "channel", target)
        return moved

    def merge(self, loser: str, winner: str) -> None:
        """What points to the loser points to the winner now, and the loser rests."""
        moved = self.point(sorted(self.values), loser, winner)
        was_active = self.values[loser][FIELDS.index("is_active")]
        self.merges.append(Merge(loser, winner, was_active, moved))
        self.set(loser, "is_active", False)

    def unmerge(self) -> None:
        """Take the last merge back, but for what somebody has decided otherwise since."""
        merge = self.merges.pop()
        if self.alive[merge.loser]:
            self.set(merge.loser, "is_active", merge.was_active)
        self.point(merge.moved, merge.winner, merge.loser)


@st.composite
def histories(draw: st.DrawFn) -> list[Edit]:
    """Histories of a few records: same-instant edits, dates back and forth, lost beginnings."""
    book = Historian()
    for _ in range(draw(st.integers(1, 24))):
        book.recorded_at += timedelta(hours=draw(st.sampled_from([0, 0, 1, 24])))
        book.effective = draw(
            st.one_of(
                st.none(), st.integers(-6, 12).map(lambda days: DAY + timedelta(hours=12 * days))
            )
        )
        living = sorted(code for code, lives in book.alive.items() if lives)
        operations = ["edit"] * 8 + ["merge"] * 2 * (len(living) > 1)
        operation = draw(st.sampled_from(operations + ["unmerge"] * 2 * bool(book.merges)))
        if operation == "merge":
            loser, winner = draw(st.permutations(living))[:2]
            book.merge(loser, winner)
            continue
        if operation == "unmerge":
            book.unmerge()
            continue
        code = draw(st.sampled_from(["a", "b", "c"]))
        new: Values = draw(VALUES)
        before = book.values.get(code)
        if before is not None:
            kept = draw(st.tuples(*[st.booleans()] * len(FIELDS)))
            new = tuple(
                old if keep else value for keep, old, value in zip(kept, before, new, strict=True)
            )
        # Now and then a history whose beginning is lost, or that deletes what is deleted already.
        kind = draw(st.sampled_from("~~~~~~~~-+" if book.alive.get(code) else "++++++++~-"))
        book.write(code, kind, before if kind == "-" and before is not None else new)
    return book.edits


# --- running the macro ----------------------------------------------------------------------------


class Run(Protocol):
    """Builds the versions of a history; `dated` as the crosswalk does it."""

    def __call__(self, edits: Sequence[Edit], *, dated: bool = False) -> list[Version]: ...


def row_of(edit: Edit, file_id: int) -> Values:
    """An edit as a row of the history that came in a file."""
    return (
        *(edit.code, edit.history_id, edit.recorded_at, edit.change_type),
        *(edit.effective_from, *edit.values, file_id, edit.history_id),
    )


def rows_in_two_files(edits: Sequence[Edit]) -> list[Values]:
    """The history delivered backwards, and its first half again in a second file."""
    rows = [row_of(edit, file_id=7) for edit in reversed(edits)]
    return rows + [row_of(edit, file_id=3) for edit in edits[: len(edits) // 2]]


def versions_from(rows: Sequence[Values]) -> list[Version]:
    """The versions that a query on the macro's output returned, in order."""
    number = len(FIELDS)
    return sorted(
        (
            Version(
                str(row[0]),
                tuple(row[1 : number + 1]),
                bool(row[number + 1]),
                *row[number + 2 :],  # type: ignore[arg-type]
            )
            for row in rows
        ),
        key=lambda version: (version.code, version.valid_from),
    )


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Return what the two calls compile to."""
    warehouse = Warehouse("duckdb", tmp_path_factory.mktemp("dbt"))
    undated, dated = render(f"{CALL} ;; {DATED_CALL}", warehouse).split(" ;; ")
    return undated, dated


@pytest.fixture(scope="module")
def on_duckdb(compiled: tuple[str, str]) -> Iterator[Run]:
    """Return a function that builds versions on DuckDB."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"create temp table history ({COLUMNS})")

        def run(edits: Sequence[Edit], *, dated: bool = False) -> list[Version]:
            connection.execute("delete from history")
            rows = rows_in_two_files(edits)
            marks = ", ".join("?" * len(rows[0]))
            connection.execute(
                "insert into history values " + ", ".join([f"({marks})"] * len(rows)),
                [value for row in rows for value in row],
            )
            return versions_from(connection.execute(compiled[dated]).fetchall())

        yield run


@pytest.fixture(scope="module")
def postgres_connection(postgres_server: PostgresServer) -> Iterator[psycopg.Connection]:
    """Return a connection to a database for this module."""
    name = "scd2_property"
    postgres_server.create_database(name)
    with postgres_server.connect(name) as connection:
        connection.autocommit = True
        yield connection
    postgres_server.drop_database(name)


@pytest.fixture(scope="module")
def on_postgres(compiled: tuple[str, str], postgres_connection: psycopg.Connection) -> Run:
    """Return a function that builds versions on PostgreSQL."""
    postgres_connection.execute(f"create temp table history ({COLUMNS})".encode())

    def run(edits: Sequence[Edit], *, dated: bool = False) -> list[Version]:
        postgres_connection.execute("truncate history")
        with postgres_connection.cursor().copy("copy history from stdin") as copy:
            for row in rows_in_two_files(edits):
                copy.write_row(row)
        return versions_from(postgres_connection.execute(compiled[dated].encode()).fetchall())

    return run


RELAXED = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=120, deadline=None, suppress_health_check=RELAXED)
@given(edits=histories())
def test_versions_equal_the_rule_read_point_by_point_on_duckdb(
    edits: list[Edit], on_duckdb: Run
) -> None:
    assert on_duckdb(edits) == expected_versions(edits, dated=False)
    assert on_duckdb(edits, dated=True) == expected_versions(edits, dated=True)


@settings(max_examples=120, deadline=None, suppress_health_check=RELAXED)
@given(edits=histories())
def test_versions_equal_the_rule_read_point_by_point_on_postgres(
    edits: list[Edit], on_postgres: Run
) -> None:
    assert on_postgres(edits) == expected_versions(edits, dated=False)
    assert on_postgres(edits, dated=True) == expected_versions(edits, dated=True)


# --- the rule's sentences, one by one -------------------------------------------------------------


def on(day: int) -> datetime:
    """The given day of January 2024."""
    return DAY + timedelta(days=day - 1)


def edit(number: int, kind: str, name: str, channel: str = "content", **dates: int) -> Edit:
    """An edit of the record `a`, recorded on the day `recorded` (default: its number)."""
    effective = dates.get("effective")
    return Edit(
        "a",
        number,
        on(dates.get("recorded", number)),
        kind,
        None if effective is None else on(effective),
        (name, channel, 1, True),
    )


def names_of(versions: Sequence[Version]) -> list[tuple[object, object, datetime, datetime]]:
    """Name, channel, start and end of each version."""
    return [(v.values[0], v.values[1], v.valid_from, v.valid_to) for v in versions]


def test_a_back_dated_change_of_one_field_leaves_a_later_change_of_another_where_it_was(
    on_duckdb: Run,
) -> None:
    edits = [
        edit(1, "+", "Ann", "content"),
        edit(10, "~", "Bob", "content"),
        edit(20, "~", "Bob", "coupon", effective=5),
    ]
    assert names_of(on_duckdb(edits)) == [
        ("Ann", "content", BEGINNING, on(5)),
        ("Ann", "coupon", on(5), on(10)),
        ("Bob", "coupon", on(10), END),
    ]


def test_two_edits_of_one_instant_are_one_version_with_the_later_recorded_value(
    on_duckdb: Run,
) -> None:
    edits = [
        edit(1, "+", "Ann"),
        edit(2, "~", "Bob", recorded=5),
        edit(3, "~", "Cid", recorded=5),
    ]
    assert names_of(on_duckdb(edits)) == [
        ("Ann", "content", BEGINNING, on(5)),
        ("Cid", "content", on(5), END),
    ]


def test_a_change_dated_before_the_creation_leaves_the_first_value_before_that_date(
    on_duckdb: Run,
) -> None:
    edits = [edit(10, "+", "Ann"), edit(20, "~", "Bob", effective=5)]
    assert names_of(on_duckdb(edits)) == [
        ("Ann", "content", BEGINNING, on(5)),
        ("Bob", "content", on(5), END),
    ]


def test_a_change_dated_to_the_instant_of_the_creation_holds_from_the_beginning(
    on_duckdb: Run,
) -> None:
    edits = [edit(10, "+", "Ann"), edit(20, "~", "Bob", effective=10)]
    assert names_of(on_duckdb(edits)) == [("Bob", "content", BEGINNING, END)]


def test_of_two_deliveries_that_disagree_about_a_row_one_counts(
    compiled: tuple[str, str],
) -> None:
    told = [row_of(edit(1, "+", name), file_id) for file_id, name in ((7, "Bob"), (3, "Ann"))]
    with duckdb.connect() as connection:
        connection.execute(f"create table history ({COLUMNS})")
        connection.executemany(f"insert into history values ({', '.join('?' * 11)})", told)
        versions = versions_from(connection.execute(compiled[0]).fetchall())
    assert names_of(versions) == [("Ann", "content", BEGINNING, END)]


def test_a_delete_is_a_version_and_a_new_creation_follows_it(
    on_duckdb: Run,
) -> None:
    edits = [edit(1, "+", "Ann"), edit(5, "-", "Ann"), edit(9, "+", "Ann")]
    versions = on_duckdb(edits)
    assert [(v.is_deleted, v.valid_from, v.valid_to, v.is_current) for v in versions] == [
        (False, BEGINNING, on(5), False),
        (True, on(5), on(9), False),
        (False, on(9), END, True),
    ]


def test_a_row_that_changes_nothing_does_not_move_a_date(on_duckdb: Run) -> None:
    edits = [
        edit(1, "+", "Ann", effective=7),
        edit(2, "~", "Ann"),
        edit(3, "~", "Ann", effective=3),
    ]
    assert names_of(on_duckdb(edits, dated=True)) == [("Ann", "content", on(7), END)]


def test_a_change_that_is_taken_back_on_the_same_day_makes_no_version(
    on_duckdb: Run,
) -> None:
    edits = [
        edit(1, "+", "Ann"),
        edit(4, "~", "Bob", effective=4),
        edit(5, "~", "Ann", effective=4),
    ]
    assert names_of(on_duckdb(edits)) == [("Ann", "content", BEGINNING, END)]


def test_a_mapping_without_a_date_holds_for_all_time_and_one_with_a_date_from_then_on(
    on_duckdb: Run,
) -> None:
    edits = [edit(1, "+", "Ann"), edit(2, "~", "Bob"), edit(3, "~", "Cid", effective=10)]
    assert names_of(on_duckdb(edits, dated=True)) == [
        ("Bob", "content", BEGINNING, on(10)),
        ("Cid", "content", on(10), END),
    ]
    late = [replace(edits[0], effective_from=on(7))]
    assert names_of(on_duckdb(late, dated=True)) == [("Ann", "content", on(7), END)]


def pointed_to(versions: Sequence[Version], code: str) -> list[tuple[object, datetime, datetime]]:
    """What a record points to, and its start and end."""
    return [(v.values[1], v.valid_from, v.valid_to) for v in versions if v.code == code]


@pytest.mark.parametrize("engine", ["on_duckdb", "on_postgres"])
def test_a_merge_moves_what_points_to_the_loser_from_its_date_on_and_can_be_taken_back(
    engine: str, request: pytest.FixtureRequest
) -> None:
    run: Run = request.getfixturevalue(engine)
    book = Historian()
    for day, (code, pointer) in enumerate((("a", None), ("b", None), ("c", "a")), start=1):
        book.recorded_at = on(day)
        book.write(code, "+", ("Ann", pointer, 1, True))
    # Of a later day, and known already: a merge goes before it, too.
    book.recorded_at, book.effective = on(4), on(20)
    book.set("c", "name", "Bob")
    book.recorded_at, book.effective = on(10), on(5)
    book.merge("a", "b")
    merged = run(book.edits)
    assert pointed_to(merged, "c") == [
        ("a", BEGINNING, on(5)),
        ("b", on(5), on(20)),
        ("b", on(20), END),
    ]
    assert [(v.values[3], v.valid_from) for v in merged if v.code == "a"] == [
        (True, BEGINNING),
        (False, on(5)),
    ]
    assert len([v for v in merged if v.code == "b"]) == 1
    # Nothing of it is left when it is taken back from the same day on.
    book.recorded_at = on(12)
    book.unmerge()
    assert pointed_to(run(book.edits), "c") == [("a", BEGINNING, on(20)), ("a", on(20), END)]
    assert [v for v in run(book.edits) if v.code == "a"] == [
        v for v in run(book.edits[:1]) if v.code == "a"
    ]


def test_an_unmerge_leaves_what_was_decided_otherwise_since(on_duckdb: Run) -> None:
    book = Historian()
    for code, pointer in (("a", None), ("b", None), ("c", "a"), ("d", "a")):
        book.write(code, "+", ("Ann", pointer, 1, True))
    book.recorded_at = on(5)
    book.merge("a", "b")
    book.recorded_at = on(7)
    book.set("c", "channel", None)
    book.recorded_at = on(9)
    book.unmerge()
    versions = on_duckdb(book.edits)
    assert pointed_to(versions, "c") == [
        ("a", BEGINNING, on(5)),
        ("b", on(5), on(7)),
        (None, on(7), END),
    ]
    assert pointed_to(versions, "d") == [
        ("a", BEGINNING, on(5)),
        ("b", on(5), on(9)),
        ("a", on(9), END),
    ]


# --- size, and other people's histories -----------------------------------------------------------


MANY = (
    "create table history_of_many as select 'r' || cast(floor(i / 10) as integer) as code,"
    " cast(i as bigint) as history_id,"
    " timestamp '2020-01-01' + i * interval '1 hour' as recorded_at,"
    " case when i % 10 = 0 then '+' else '~' end as change_type,"
    " cast(null as timestamp) as effective_from, 'n' || i as name, 'c' || i as channel,"
    " cast(i as integer) as score, i % 2 = 0 as is_active, cast(1 as bigint) as file_id,"
    " cast(i as bigint) as line_number from {series}"
)


def test_two_hundred_thousand_versions_take_seconds(compiled: tuple[str, str]) -> None:
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(MANY.format(series="range(200000) as numbers(i)"))
        sql = compiled[0].replace("from history", "from history_of_many")
        started = time.process_time()
        assert connection.execute(f"select count(*) from ({sql}) as v").fetchone() == (200_000,)
        assert time.process_time() - started < 12


def test_versions_take_seconds_on_postgres_before_it_has_statistics(
    compiled: tuple[str, str], postgres_connection: psycopg.Connection
) -> None:
    # Joins of the history with itself took minutes here: the planner took each side for one row.
    series = "generate_series(0, 29999) as numbers(i)"
    postgres_connection.execute(MANY.format(series=series).encode())
    sql = compiled[0].replace("from history", "from history_of_many")
    postgres_connection.execute("set statement_timeout = '30s'")
    counted = postgres_connection.execute(f"select count(*) from ({sql}) as v".encode())
    assert counted.fetchone() == (30_000,)
    postgres_connection.execute("reset statement_timeout")


@pytest.mark.parametrize(
    ("file", "key", "clock", "fields", "versions"),
    [
        (
            "google_ads_ad_group_criterion_history_data.csv",
            "id",
            "updated_at",
            ["type", "status", "keyword_match_type", "keyword_text"],
            261 - 87,
        ),
        ("snapchat_ad_account_history_data.csv", "id", "_fivetran_synced", ["name"], None),
    ],
)
def test_a_real_history_becomes_versions_that_fit_together(
    file: str,
    key: str,
    clock: str,
    fields: list[str],
    versions: int | None,
    shared_data: Path,
    compiled: tuple[str, str],
) -> None:
    with (shared_data / "scd" / file).open(encoding="utf-8-sig", newline="") as stream:
        records = sorted(
            csv.DictReader(stream), key=lambda record: (record[clock], record["_fivetran_synced"])
        )
    seen: set[str] = set()
    rows: list[Values] = []
    for number, record in enumerate(records):
        code = record[key]
        values = [record[field] or None for field in fields] + [None] * (2 - len(fields))
        text = "|".join(str(value) for value in values[1:])
        rows.append(
            (
                *(
                    code,
                    number,
                    datetime.fromisoformat(record[clock]),
                    "~" if code in seen else "+",
                ),
                *(None, values[0], text, None, None, 1, number),
            )
        )
        seen.add(code)
    with duckdb.connect() as connection:
        connection.execute(f"create table history ({COLUMNS.replace('varchar(20)', 'varchar')})")
        connection.executemany("insert into history values (" + ", ".join("?" * 11) + ")", rows)
        found = versions_from(connection.execute(compiled[0]).fetchall())
    assert {version.code for version in found} == seen
    for code in seen:
        of_one = [version for version in found if version.code == code]
        # As many versions as the values changed, in their order: none lost, none without a change.
        told = [(row[5], row[6]) for row in rows if row[0] == code]
        assert [version.values[:2] for version in of_one] == [value for value, _ in groupby(told)]
        assert of_one[0].valid_from == BEGINNING
        assert of_one[-1].valid_to == END
        assert [version.is_current for version in of_one] == [False] * (len(of_one) - 1) + [True]
        for before, after in pairwise(of_one):
            assert before.valid_to == after.valid_from
            assert before.valid_from < before.valid_to
            assert before.values != after.values
    if versions is not None:
        assert len(found) == versions
