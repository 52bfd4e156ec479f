"""The engines hold the same rows, and the comparison that says so sees every planted difference.

One small delivery goes into every engine that can be had, each builds, and every mart, snapshot
and metric is compared by key and value. Then differences are planted, each in a copy of the built
DuckDB file or in the other engine's table, and each must be found with its key and its values.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import duckdb
import psycopg
import pytest

import parity
from clickstar_parity.compare import (
    DIFFERENT,
    MISSING,
    Comparison,
    Difference,
    compare_relations,
    comparer,
)
from clickstar_parity.engines import SCHEMA_PREFIX, build, running
from clickstar_parity.extract import Side, Type, type_of
from clickstar_parity.metrics import compare_metrics
from clickstar_parity.relations import Relation, relations
from clickstar_run.problems import Problem
from clickstar_run.settings import read_settings
from clickstar_run.warehouse import reading, rows
from warehouses import ROOT

MARTS = f"{SCHEMA_PREFIX}marts"
# Marts of what 500 clicks of nine days do not have: visits of more than a day, partners with fifty
# clicks on one, months that were reported and paid. `make parity` with more clicks, and tests of
# their own, have them.
NEVER_IN_SO_FEW = {
    "fct_commission_restatements",
    "fct_commissions_as_of",
    "fct_partner_concentration",
    "fct_payments",
    "fct_quarantined_sessions",
}


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Side]]:
    """Return every engine that can be had, loaded with the same files and built."""
    folder = tmp_path_factory.mktemp("parity")
    landing = parity.make_demo(folder, clicks=500, days=9)
    with ExitStack() as stack:
        built = []
        for engine in ("duckdb", "postgres"):
            (folder / engine).mkdir()
            reached_by = stack.enter_context(running(engine, folder / engine))
            assert reached_by is not None
            built.append(build(engine, reached_by, landing, folder / engine))
        yield built


@pytest.fixture
def copied(sides: list[Side], tmp_path: Path) -> Side:
    """Return a copy of the DuckDB warehouse, in which a difference can be planted."""
    original = sides[0].settings.duckdb_path
    shutil.copy(original, tmp_path / original.name)
    settings = replace(sides[0].settings, duckdb_path=tmp_path / original.name)
    return Side("the copy", settings, sides[0].target_path)


def change(side: Side, *statements: str) -> None:
    with duckdb.connect(str(side.settings.duckdb_path)) as connection:
        for statement in statements:
            connection.execute(statement)


def found_in(sides: list[Side], name: str) -> Comparison:
    [found] = compare_relations(sides, [name])
    return found


def the_one(found: Comparison) -> Difference:
    assert found.different == 1, str(found)
    [difference] = found.examples
    return difference


# --- the engines --------------------------------------------------------------------------------


def test_every_mart_and_snapshot_is_the_same_on_every_engine(sides: list[Side]) -> None:
    compared = compare_relations(sides)
    assert [str(found) for found in compared if not found.is_equal] == []
    assert all(len(found.rows) == len(sides) for found in compared)
    rows = {found.name: next(iter(found.rows.values())) for found in compared}
    assert rows["fct_clicks"] == 500
    empty = {name for name, count in rows.items() if count == 0}
    assert empty <= NEVER_IN_SO_FEW, "an empty relation proves nothing"


def test_every_metric_is_the_same_on_every_engine(sides: list[Side]) -> None:
    with comparer(sides) as compare:
        compared = list(compare_metrics(compare, dimensions=3))
    assert [str(found) for found in compared if not found.is_equal] == []
    declared = json.loads(sides[0].semantic_manifest.read_text())["metrics"]
    asked = {found.name.partition(" by ")[0] for found in compared}
    assert asked == {metric["name"] for metric in declared}
    assert len(compared) == len(declared) * 6


def test_every_mart_is_compared_by_its_key(sides: list[Side]) -> None:
    manifest = json.loads(sides[0].manifest.read_text())
    marts = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "snapshot")
        and node["path"].startswith(("core", "performance", "marts"))
    }
    found = {relation.name: relation.key for relation in relations(sides[0].manifest)}
    assert marts and marts <= set(found)
    assert found["fct_clicks"] == ("click_id",)
    assert found["dim_date_relative"] == ("date_key",)
    assert all(found.values()), "a mart without a key"


def test_columns_declared_without_nulls_refuse_them_on_every_engine(sides: list[Side]) -> None:
    # No data test looks at these columns: what the engine refuses cannot be found in the table.
    manifest = json.loads(sides[0].manifest.read_text())
    declared = {
        (node["schema"], node["alias"], column["name"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["config"]["contract"]["enforced"]
        and node["config"]["materialized"] != "view"
        for column in node["columns"].values()
        if any(constraint["type"] == "not_null" for constraint in column["constraints"])
    }
    assert {(MARTS, "fct_clicks", "click_id"), (MARTS, "dim_date", "date_key")} <= declared
    for side in sides:
        with reading(side.settings) as cursor:
            refusing = rows(
                cursor,
                "select table_schema, table_name, column_name"
                " from information_schema.columns where is_nullable = 'NO'",
            )
        assert sorted(declared - set(refusing)) == [], side.name


ONE_CENT_MORE = (
    f"update {MARTS}.fct_clicks set cost_amount = cost_amount + 0.01 where click_id ="
    f" (select min(click_id) from {MARTS}.fct_clicks where cost_amount is not null)"
)


# --- planted differences ------------------------------------------------------------------------


def test_one_cent_is_found(sides: list[Side], copied: Side) -> None:
    change(copied, ONE_CENT_MORE)
    difference = the_one(found_in([sides[0], copied], "fct_clicks"))
    assert difference.kind == DIFFERENT
    assert list(difference.key) == ["click_id"]
    [(one, other)] = difference.values.values()
    assert list(difference.values) == ["cost_amount"]
    assert float(str(other)) == pytest.approx(float(str(one)) + 0.01)


def test_one_cent_is_found_in_the_metrics(sides: list[Side], copied: Side) -> None:
    change(copied, ONE_CENT_MORE)
    with comparer([sides[0], copied]) as compare:
        unequal = {
            found.name for found in compare_metrics(compare, dimensions=0) if not found.is_equal
        }
    assert {"cost", "cost by metric_time__day", "cost_per_click"} <= unequal
    assert not any(name.startswith(("clicks", "visitors")) for name in unequal)


def test_a_missing_row_is_found_from_both_sides(sides: list[Side], copied: Side) -> None:
    change(
        copied,
        f"delete from {MARTS}.fct_daily_performance where daily_performance_key ="
        f" (select max(daily_performance_key) from {MARTS}.fct_daily_performance)",
    )
    for pair in ([sides[0], copied], [copied, sides[0]]):
        difference = the_one(found_in(pair, "fct_daily_performance"))
        assert difference.kind == MISSING
        assert difference.sides == ("DuckDB", "the copy")


def test_a_row_too_many_is_found(sides: list[Side], copied: Side) -> None:
    change(
        copied,
        f"insert into {MARTS}.fct_clicks from {MARTS}.fct_clicks order by click_id limit 1",
    )
    difference = the_one(found_in([sides[0], copied], "fct_clicks"))
    assert difference.kind == MISSING
    assert difference.sides == ("the copy", "DuckDB")
    assert difference.key["copy"] == "2" or difference.key["copy"] == 2


def test_null_is_not_the_empty_text(sides: list[Side], copied: Side) -> None:
    change(
        copied,
        f"update {MARTS}.fct_clicks set sub_id = '' where click_id ="
        f" (select min(click_id) from {MARTS}.fct_clicks where sub_id is null)",
    )
    difference = the_one(found_in([sides[0], copied], "fct_clicks"))
    assert difference.values == {"sub_id": (None, "")}


def test_exchanged_values_are_found(sides: list[Side], copied: Side) -> None:
    """Two rows that swap a value hold the same values in each column."""
    change(
        copied,
        f"update {MARTS}.dim_partner set partner_key = -partner_key where partner_key in"
        f" (select partner_key from {MARTS}.dim_partner where partner_key > 0 order by 1 limit 2)",
        f"create temp table swapped as select partner_key, lead(partner_key, 1, (select"
        f" min(partner_key) from {MARTS}.dim_partner)) over (order by partner_key) as other"
        f" from {MARTS}.dim_partner where partner_key < -1",
        f"update {MARTS}.dim_partner set partner_key = -other from swapped"
        " where dim_partner.partner_key = swapped.partner_key",
    )
    found = found_in([sides[0], copied], "dim_partner")
    assert found.different == 2, str(found)
    assert {difference.kind for difference in found.examples} == {DIFFERENT}


def test_a_planted_difference_is_found_in_the_other_engine(sides: list[Side]) -> None:
    server = sides[1].settings.server
    assert server is not None
    relation = f"{MARTS}.dim_creative"
    with psycopg.connect(
        host=server.host, port=server.port, user=server.user, dbname=server.database
    ) as connection:

        def run(*statements: str) -> None:
            for statement in statements:
                connection.execute(statement.encode())
            connection.commit()

        as_built = (f"delete from {relation}", f"insert into {relation} select * from kept")
        [[primary_key]] = connection.execute(
            f"select conname from pg_constraint where conrelid = '{relation}'::regclass"
            " and contype = 'p'".encode()
        ).fetchall()
        run(
            f"create table kept as select * from {relation}",
            f'alter table {relation} drop constraint "{primary_key}" cascade',
        )
        for statement, kind, values in (
            ("update {0} set source_id = '' where creative_key = -1", DIFFERENT, (None, "")),
            ("delete from {0} where creative_key = -1", MISSING, None),
            ("insert into {0} select * from kept where creative_key = -1", MISSING, None),
        ):
            run(*as_built, statement.format(relation))
            difference = the_one(found_in(sides, "dim_creative"))
            assert difference.kind == kind
            if values:
                assert difference.values == {"source_id": values}
        run(*as_built)
    assert found_in(sides, "dim_creative").is_equal


def test_a_relation_that_one_engine_does_not_have_is_a_fault(
    sides: list[Side], copied: Side
) -> None:
    change(copied, f"drop table {MARTS}.fct_daily_performance")
    found = found_in([sides[0], copied], "fct_daily_performance")
    assert not found.is_equal
    assert "fct_daily_performance" in str(found.faults)


def test_columns_and_types_must_agree(sides: list[Side], copied: Side) -> None:
    change(
        copied,
        f"alter table {MARTS}.dim_device add column color varchar",
        f"alter table {MARTS}.dim_channel alter column channel_level type bigint",
        f"alter table {MARTS}.fct_daily_performance alter column clicks type decimal(18, 2)",
    )
    pair = [sides[0], copied]
    assert "only the copy has the columns color" in found_in(pair, "dim_device").faults
    assert any("channel_level is" in fault for fault in found_in(pair, "dim_channel").faults)
    faults = found_in(pair, "fct_daily_performance").faults
    assert "clicks is bigint in DuckDB and numeric(18, 2) in the copy" in faults
    assert "clicks is numeric(18, 2) in the copy, and bigint in the contract" in faults


# --- what the marts do not hold yet ---------------------------------------------------------------


def two_tables(folder: Path, one: str, other: str) -> list[Side]:
    """Two DuckDB files, each with a table `main.t` of a query's rows."""
    made = []
    for name, query in (("one", one), ("other", other)):
        (folder / name).mkdir()
        path = folder / name / "warehouse.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute(f"create table t as {query}")
        settings = read_settings({"CLICKSTAR_DUCKDB_PATH": str(path)})
        made.append(Side(name, settings, folder))
    return made


def compared(sides: list[Side], **known: object) -> Comparison:
    relation = Relation("t", "mart", "main", "t", **known)  # type: ignore[arg-type]
    with comparer(sides) as compare:
        return compare.relation(relation)


@pytest.mark.parametrize(
    ("one", "other", "is_equal"),
    [
        ("0.1 + 0.2", "0.3", True),
        ("1e15", "1e15 + 1e3", True),
        ("1e-12", "1.1e-12", False),
        ("1.0", "1.000001", False),
        ("1.0", "1.000000002", False),
        ("1e9", "1e9 + 100", False),
        ("0.0", "1e-300", False),
        ("'nan'", "'nan'", True),
        ("'inf'", "'inf'", True),
        ("'inf'", "'-inf'", False),
        ("'inf'", "1e308", False),
        ("'nan'", "1.0", False),
        ("null", "0.0", False),
        ("null", "null", True),
    ],
)
def test_doubles_are_compared_relatively(
    tmp_path: Path, one: str, other: str, is_equal: bool
) -> None:
    sides = two_tables(
        tmp_path,
        f"select 1 as k, cast({one} as double) as v",
        f"select 1 as k, cast({other} as double) as v",
    )
    assert compared(sides, key=("k",)).is_equal is is_equal
    # Without a key, rows are whole, and doubles are no part of what they are paired by.
    assert compared(sides).is_equal is is_equal


def test_without_a_key_copies_are_counted(tmp_path: Path) -> None:
    one = "select * from (values (1, 'a', 0.5e0), (1, 'a', 0.25e0), (2, null, 1e0)) as v (k, t, d)"
    other = (
        "select * from (values (2, null, 1e0), (1, 'a', 0.25e0), (1, 'a', 0.5e0)) as v (k, t, d)"
    )
    assert compared(two_tables(tmp_path, one, other)).is_equal
    (tmp_path / "more").mkdir()
    twice = compared(two_tables(tmp_path / "more", one, f"{other} union all select 2, null, 1e0"))
    assert the_one(twice).kind == MISSING


def test_times_of_a_run_are_compared_by_their_order(tmp_path: Path) -> None:
    """A snapshot that compares columns stamps its versions with the time of the run."""
    query = (
        "select * from (values ('p', 'x', timestamp '{0}-01-01', timestamp '{0}-01-02'),"
        " ('p', '{1}', timestamp '{0}-01-02', null))"
        " as v (code, name, dbt_valid_from, dbt_valid_to)"
    )
    times = {"key": ("code",), "run_times": ("dbt_valid_from", "dbt_valid_to")}
    sides = two_tables(tmp_path, query.format(2025, "y"), query.format(2026, "y"))
    assert compared(sides, **times).is_equal
    (tmp_path / "more").mkdir()
    other = two_tables(tmp_path / "more", query.format(2025, "y"), query.format(2026, "z"))
    assert the_one(compared(other, **times)).values == {"name": ("y", "z")}


def test_a_snapshot_is_found_with_its_key_and_its_times(tmp_path: Path) -> None:
    def snapshot(name: str, strategy: str) -> dict[str, object]:
        return {
            "unique_id": f"snapshot.p.{name}",
            "resource_type": "snapshot",
            "name": name,
            "schema": "snapshots",
            "alias": name,
            "columns": {},
            "fqn": ["p", name],
            "config": {"strategy": strategy, "unique_key": "code"},
        }

    manifest = tmp_path / "manifest.json"
    nodes = [snapshot("by_check", "check"), snapshot("by_time", "timestamp")]
    manifest.write_text(json.dumps({"nodes": {str(node["unique_id"]): node for node in nodes}}))
    by_check, by_time = relations(manifest)
    assert by_check.kind == "snapshot"
    assert by_check.key == ("code",)
    assert set(by_check.run_times) == {
        *("dbt_valid_from", "dbt_valid_to", "dbt_updated_at", "dbt_scd_id"),
    }
    assert by_time.key == ("code", "dbt_valid_from")
    assert by_time.run_times == ()


def test_types_have_one_spelling() -> None:
    assert type_of("character varying(64)") == type_of("VARCHAR(64)") == Type("varchar", (64,))
    assert type_of("DECIMAL(18,6)") == type_of("numeric(18, 6)") == Type("numeric", (18, 6))
    assert type_of("timestamp without time zone") == type_of("TIMESTAMP") == Type("timestamp")
    assert type_of("TIMESTAMP WITH TIME ZONE") == Type("timestamptz")
    assert type_of("int8") == type_of("bigint") == Type("bigint")
    assert not type_of("numeric(18, 6)").agrees_with(type_of("numeric(18, 4)"))
    assert not type_of("integer").agrees_with(type_of("bigint"))
    assert type_of("varchar").agrees_with(type_of("varchar(10)")), "DuckDB keeps no length"


# --- the command ----------------------------------------------------------------------------------


def test_the_command_shows_each_difference_and_exits_with_1(
    sides: list[Side],
    copied: Side,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    change(copied, f"delete from {MARTS}.dim_network where network_key = -1")
    built = iter([sides[0], copied] * 2)
    monkeypatch.setattr(parity, "build", lambda *_: next(built))
    command = ["--landing", str(copied.settings.duckdb_path.parent), "--dimensions", "0"]
    engines = ["--engines", "duckdb,postgres"]
    monkeypatch.setattr(parity, "running", lambda *_: ExitStack())
    assert parity.main([*command, *engines]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "network_key -1: only in DuckDB, not in the copy" in said
    assert "dim_network mart" in said
    assert parity.main([*command, *engines, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["equal"] is False
    [unequal] = [
        found for found in document["compared"] if found["kind"] == "mart" and not found["equal"]
    ]
    assert unequal["name"] == "dim_network"
    assert unequal["examples"][0]["key"] == {"network_key": "-1"}


def test_wrong_options_are_sentences(tmp_path: Path) -> None:
    def said(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, ROOT / "scripts" / "parity.py", *options],
            capture_output=True,
            text=True,
            check=False,
        )

    one = said("--engines", "duckdb,oracle")
    assert one.returncode == 2
    assert "--engines takes two or more of duckdb, postgres, redshift" in one.stderr
    missing = said("--landing", str(tmp_path / "nowhere"), "--engines", "duckdb,postgres")
    assert missing.returncode == 1
    assert "is not a folder" in missing.stderr and "Traceback" not in missing.stderr


def test_a_missing_warehouse_is_a_sentence(sides: list[Side], tmp_path: Path) -> None:
    nowhere = replace(sides[0].settings, duckdb_path=tmp_path / "nowhere.duckdb")
    found = found_in([sides[0], Side("nobody", nowhere, tmp_path)], "dim_device")
    assert "There is no warehouse" in found.faults[0]
    with pytest.raises(Problem, match="build the warehouse first"):
        relations(tmp_path / "manifest.json")
