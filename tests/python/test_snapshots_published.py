"""What the warehouse knew of master data, and since when: runs, edits, a deletion, a re-creation.

Partners stand for all entities: the snapshots are configured alike, in `dbt_project.yml`. Each run
is a `dbt build` at a moment of its own; the tables of the history are put there by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from builds import Builds
from redshift_standin import Redshift
from standins import execute, stand_in
from warehouses import DATABASE, Warehouse, building

END = datetime(9999, 12, 31)
HISTORY = (
    "history_id bigint, recorded_at timestamp, change_type varchar(1), effective_from timestamp,"
    " code varchar(64), name varchar(255), partner_type varchar(50), channel_code varchar(50),"
    " website_domain varchar(255), country_code varchar(2), is_active boolean,"
    " file_id bigint, line_number bigint"
)
MODELS = (
    *("int_master__partner_versions", "published_partners"),
    "dim_partner",
)
# Cautious: a test that also reads what is not here is not run.
SELECTED = ("--select", *MODELS, "--indirect-selection", "cautious")
NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
COLUMNS = (
    "partner_key, partner_code, partner_name, partner_type, channel_code, website_domain,"
    " country_code, is_active, is_deleted, valid_from, valid_to, known_from, known_to"
)
Known = tuple[str, str, bool, datetime, datetime]  # code, name, is_deleted, known from, known to


def run_at(number: int) -> datetime:
    """The moment of a run: the nights of June 2026."""
    return datetime(2026, 6, number, 4)


@dataclass
class World:
    """A warehouse with a history of partners that tests write, and a way to build it."""

    warehouse: Warehouse
    builds: Builds
    history_id: int = 0

    def record(self, kind: str, code: str, name: str, channel: str = "affiliates") -> None:
        """Add a row to the history, recorded a minute after the one before."""
        self.history_id += 1
        recorded = datetime(2026, 5, 1) + timedelta(minutes=self.history_id)
        values = (
            f"{self.history_id}, timestamp '{recorded}', '{kind}', null, '{code}', '{name}',"
            f" 'content', '{channel}', null, 'DE', true, 1, {self.history_id}"
        )
        self.execute(f"insert into {self.history} values ({values})")

    @property
    def history(self) -> str:
        """The table of the history."""
        return f"{self.warehouse.schema('staging')}.stg_master_data__partner_history"

    def execute(self, *statements: str) -> None:
        """Run statements."""
        execute(self.warehouse, *statements)

    def build(self, number: int, *options: str, command: str = "build") -> str:
        """Run dbt at the moment of that run, and return what went wrong."""
        moment = json.dumps({"known_at": f"{run_at(number)}"})
        left_out = NO_UNIT_TESTS if command == "build" else ()
        dbt = (command, *SELECTED, *left_out, "--vars", moment, *options)
        return self.builds.run(self.warehouse.environment, dbt).said

    def known(self) -> list[Known]:
        """Every row of the snapshot, in order."""
        found = self.warehouse.query(
            "select partner_code, partner_name, is_deleted, known_from, known_to"
            f" from {self.warehouse.schema('snapshots')}.published_partners"
            " order by partner_code, known_from, known_to"
        )
        return [tuple(row) for row in found]  # type: ignore[misc]


def started(warehouse: Warehouse, builds: Builds) -> World:
    """The warehouse with no history at all."""
    world = World(warehouse, builds)
    for relation, columns, rows in (
        ("staging.stg_master_data__partner_history", HISTORY, []),
        (
            "intermediate.int_members__versions",
            "kind varchar(20), network_code varchar(30), source_id varchar(128),"
            " member_key bigint, is_mapped boolean",
            [("partner", "awin", "77", 5, False)],
        ),
        ("seeds.networks", "network_code varchar(30), network_name varchar(100)", []),
    ):
        rows_of: Sequence[Sequence[object]] = rows
        schema, name = relation.split(".")
        stand_in(warehouse, f"{warehouse.schema(schema)}.{name}", columns, rows_of)
    return world


@pytest.fixture(scope="module", params=["duckdb", "postgres", "redshift"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Return an empty warehouse on each engine."""
    folder = tmp_path_factory.mktemp(f"snapshots_{request.param}")
    settings: Mapping[str, str] = {}
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
        request.addfinalizer(lambda: server.drop_database(DATABASE))
        # A session far from UTC: dbt's own clock would be the session's.
        settings = {**server.create_database(DATABASE), "PGTZ": "Asia/Tokyo"}
    if request.param == "redshift":
        redshift: Redshift = request.getfixturevalue("redshift")
        settings = redshift.environment()
        request.addfinalizer(lambda: redshift.drop(settings))
        if redshift.backend_port is not None:
            redshift.administer("alter role dbt_user set rs.strict_types = 'on'")
            request.addfinalizer(
                lambda: redshift.administer("alter role dbt_user reset rs.strict_types")
            )
    warehouse = Warehouse(request.param, folder, {**settings, "CLICKSTAR_THREADS": "1"})
    with building(warehouse) as builds:
        yield started(warehouse, builds)


def test_every_run_keeps_what_it_found_otherwise_and_nothing_else(world: World) -> None:
    """An edit, a deletion, a re-creation, and a record whose whole history is taken away."""
    for code, name in (("P1", "Anna''s Deals"), ("P2", "Bonus"), ("P3", "Coupons")):
        world.record("+", code, name)
    assert world.build(1) == ""
    first = [
        ("P1", "Anna's Deals", False, run_at(1), END),
        ("P2", "Bonus", False, run_at(1), END),
        ("P3", "Coupons", False, run_at(1), END),
    ]
    assert world.known() == first

    assert world.build(2) == ""
    assert world.known() == first, "a run that finds nothing new writes nothing"

    world.record("~", "P1", "Anna")
    world.record("~", "P1", "Anna Deals")  # two edits between two runs: one is never known
    world.record("-", "P2", "Bonus")
    assert world.build(3) == ""
    assert world.known() == [
        ("P1", "Anna's Deals", False, run_at(1), run_at(3)),
        ("P1", "Anna Deals", False, run_at(3), END),
        ("P2", "Bonus", False, run_at(1), run_at(3)),
        ("P2", "Bonus", True, run_at(3), END),
        ("P3", "Coupons", False, run_at(1), END),
    ]

    world.record("+", "P2", "Bonus")
    world.execute(
        f"create table {world.warehouse.schema('staging')}.aside as"
        f" select * from {world.history} where code = 'P3'",
        f"delete from {world.history} where code = 'P3'",
    )
    assert world.build(4) == ""
    assert world.known()[2:] == [
        ("P2", "Bonus", False, run_at(1), run_at(3)),
        ("P2", "Bonus", True, run_at(3), run_at(4)),
        ("P2", "Bonus", False, run_at(4), END),
        ("P3", "Coupons", False, run_at(1), run_at(4)),
    ]

    assert world.build(5) == ""
    world.execute(
        f"insert into {world.history} select * from {world.warehouse.schema('staging')}.aside"
    )
    assert world.build(6) == ""
    after_all = world.known()
    assert after_all[5:] == [
        ("P3", "Coupons", False, run_at(1), run_at(4)),
        ("P3", "Coupons", False, run_at(6), END),
    ]

    # Half-open: at the start of a run its row holds, and never two at once.
    for one, next_one in pairwise(after_all):
        if one[0] == next_one[0]:
            assert one[3] < one[4] <= next_one[3] < next_one[4]
            # No row without a change, unless the record was gone in between.
            assert one[1:3] != next_one[1:3] or one[4] < next_one[3]
    open_rows = [row[0] for row in after_all if row[4] == END]
    assert sorted(open_rows) == ["P1", "P2", "P3"], "one open row for every record"

    # The marts are made anew from nothing; what was known when is kept.
    assert world.build(7, "--full-refresh") == ""
    assert world.known() == after_all


@pytest.mark.parametrize(
    ("broken", "mended", "test"),
    [
        # A value, in one column of one row.
        (
            "update {marts}.dim_partner set country_code = 'FR' where partner_code = 'P1'"
            " and is_current",
            "update {marts}.dim_partner set country_code = 'DE' where partner_code = 'P1'",
            "open_rows_equal",
        ),
        # A record that the dimension has and the snapshot does not.
        (
            "update {snapshots}.published_partners set known_to = timestamp '2026-06-20'"
            " where partner_code = 'P1' and known_to > timestamp '9000-01-01'",
            "update {snapshots}.published_partners set known_to = timestamp '9999-12-31'"
            " where partner_code = 'P1' and known_to = timestamp '2026-06-20'",
            "open_rows_equal",
        ),
        # A record that only the snapshot has.
        (
            "update {marts}.dim_partner set partner_code = 'P9' where partner_code = 'P3'",
            "update {marts}.dim_partner set partner_code = 'P3' where partner_code = 'P9'",
            "open_rows_equal",
        ),
        # Two open rows of one record, as two runs at once would leave.
        (
            f"insert into {{snapshots}}.published_partners ({COLUMNS}) select {COLUMNS} from"
            " {snapshots}.published_partners where partner_code = 'P3' and known_to >"
            " timestamp '9000-01-01'",
            "delete from {snapshots}.published_partners where dbt_scd_id is null",
            "open_rows_equal known_periods_fit",
        ),
        # A row whose time is over before it begins: the clock of a run was wrong.
        (
            "update {snapshots}.published_partners set known_from = timestamp '2026-06-09'"
            " where partner_code = 'P1' and known_to < timestamp '9000-01-01'",
            "update {snapshots}.published_partners set known_from = timestamp '2026-06-01 04:00'"
            " where partner_code = 'P1' and known_to < timestamp '9000-01-01'",
            "known_periods_fit",
        ),
    ],
    ids=["a value", "not in the snapshot", "only in the snapshot", "twice", "no time"],
)
def test_a_snapshot_that_differs_from_the_dimension_is_found(
    world: World, broken: str, mended: str, test: str
) -> None:
    if world.warehouse.target != "duckdb":
        pytest.skip("the tests are the same SQL everywhere, and pass on every engine above")
    names = {name: world.warehouse.schema(name) for name in ("marts", "snapshots")}
    world.execute(broken.format(**names))
    said = world.build(8, command="test")
    world.execute(mended.format(**names))
    assert {word for word in ("open_rows_equal", "known_periods_fit") if word in said} == set(
        test.split()
    ), said


def test_a_build_of_empty_tables_is_refused_where_something_is_known(world: World) -> None:
    """Guards the snapshots against `--empty`, which makes every row look deleted."""
    before = world.known()
    assert "--empty makes every row look deleted" in world.build(9, "--empty")
    assert world.known() == before


def test_the_report_of_a_day_has_the_channels_of_that_day(world: World) -> None:
    """A partner moves to another channel: the report that was sent keeps the old one."""
    world.record("~", "P3", "Coupons", "email")
    assert world.build(20) == ""
    schema = world.warehouse.schema
    keys = world.warehouse.query(
        f"select min(partner_key) from {schema('marts')}.dim_partner where partner_code = 'P3'"
    )
    # Two files before the report of the 19th, one after it.
    stand_in(
        world.warehouse,
        f"{schema('staging')}.stg_loader__files",
        "file_id bigint, status varchar(20), loaded_at timestamp",
        [(1, "loaded", run_at(2)), (2, "loaded", run_at(19)), (3, "loaded", run_at(20))],
    )
    stand_in(
        world.warehouse,
        f"{schema('marts')}.fct_clicks",
        "partner_key bigint, file_id bigint",
        [(keys[0][0], file_id) for file_id in (1, 2, 2, 3)],
    )

    def published(number: int) -> list[tuple[object, ...]]:
        moment = json.dumps({"published_at": f"{run_at(number)}"})
        dbt = ("compile", "--select", "as_it_was_published", "--vars", moment)
        assert world.builds.run(world.warehouse.environment, dbt).said == ""
        target = Path(world.warehouse.environment["DBT_TARGET_PATH"])
        path = target / "compiled" / "clickstar" / "analyses" / "as_it_was_published.sql"
        found = world.warehouse.query(path.read_text())
        return [(then, now, partners, int(str(clicks))) for then, now, partners, clicks in found]

    assert published(19) == [("affiliates", "affiliates", 2, 0), ("affiliates", "email", 1, 3)]
    assert published(20) == [("affiliates", "affiliates", 2, 0), ("email", "email", 1, 4)]
    assert published(5) == [("affiliates", "affiliates", 2, 0)], "P3 was gone for two nights"


def test_a_run_without_a_given_moment_is_stamped_with_its_start_in_utc(world: World) -> None:
    world.record("~", "P1", "Anna Again")
    before = datetime.now(UTC).replace(tzinfo=None)
    dbt = ("build", *SELECTED, *NO_UNIT_TESTS)
    assert world.builds.run(world.warehouse.environment, dbt).said == ""
    after = datetime.now(UTC).replace(tzinfo=None)
    [stamp] = {row[3] for row in world.known() if row[1] == "Anna Again"}
    assert before <= stamp <= after
