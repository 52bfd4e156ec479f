"""An incremental history equals a full refresh, whatever arrives in whatever order.

Hypothesis draws sequences of deliveries (see `deliveries.py`), with builds in between, some of them
killed with SIGKILL at a random statement. Every mart must then hold the same rows, by key and
value, as in a warehouse that saw the files as they are in the end, all at once. On PostgreSQL one
sequence with everything in it does the same.

In CI a few sequences run, always the same ones. `DELIVERIES=200` runs so many new ones.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from builds import Builds, Outcome
from clickstar_run.changes import describe, read_state
from clickstar_run.settings import read_settings
from deliveries import Pool, Step, one_of_everything, sequences
from warehouses import Warehouse, building, differences

EXAMPLES = int(os.environ.get("DELIVERIES", "4"))
EVERYTHING = ("build", "--exclude-resource-type", "test", "unit_test")
# Seeds and what follows from seeds alone are as the first build left them. A view has no rows.
FROM_SOURCES = ("run", "--select", "source:*+")
TABLES_ONLY = ("--exclude", "config.materialized:view")


def fresh(folder: Path) -> Path:
    """A new, empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def put(landing: Path, step: Step) -> None:
    """Let the files of a step arrive."""
    for arrival in step.arrivals:
        path = landing / arrival.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(arrival.content)
        # A file may be replaced within the same tick of the clock, by one of the same size.
        stamp = path.stat().st_mtime_ns + 1_000_000 * put_count["files"]
        os.utime(path, ns=(stamp, stamp))
        put_count["files"] += 1


put_count: Counter[str] = Counter()
happened: Counter[str] = Counter()


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    """Return the files that deliveries are drawn from."""
    folder = tmp_path_factory.mktemp("pool")
    Warehouse("duckdb", folder).run(
        sys.executable,
        "scripts/make_demo.py",
        *("--landing", str(folder / "landing"), "--clicks", "400", "--days", "64"),
        *("--truth", str(folder / "truth")),
    )
    return Pool(folder / "landing")


class OnDuckDB:
    """A DuckDB warehouse that is built from no files once, and copied for each sequence."""

    def __init__(self, builds: Builds, template: Warehouse, scratch: Path) -> None:
        self._builds = builds
        self._scratch = scratch
        self.template = template
        first = builds.run(
            template.environment, EVERYTHING, landing=fresh(template.folder / "landing")
        )
        assert not first.said, first.said
        self.marts = marts_that_change(template)

    def new(self, name: str) -> Warehouse:
        """A copy of the empty warehouse, with what dbt and the comparison need beside it."""
        folder = fresh(self._scratch / name)
        shutil.copy(self.template.file, folder / self.template.file.name)
        (folder / "target").mkdir()
        shutil.copy(self.template.folder / "target" / "manifest.json", folder / "target")
        return Warehouse("duckdb", folder, self.template.settings)

    def build(
        self, warehouse: Warehouse, landing: Path | None, *options: str, step: Step | None = None
    ) -> Outcome:
        """Load and build; killed in the middle where the step says so."""
        dbt = (*FROM_SOURCES, *TABLES_ONLY, *options)
        return run(self._builds, warehouse, landing, dbt, step)


def run(
    builds: Builds,
    warehouse: Warehouse,
    landing: Path | None,
    dbt: Sequence[str],
    step: Step | None,
) -> Outcome:
    """Load and build as a step says; a build that fails without being killed is an error."""
    outcome = builds.run(
        warehouse.environment,
        () if step is not None and step.build == "not built" else dbt,
        landing,
        kill_at=step.kill_at if step is not None and step.build == "killed" else None,
        kill_after_ms=step.kill_after_ms if step is not None else 0,
    )
    assert not outcome.said, outcome.said
    happened["killed" if outcome.killed else "built" if outcome.statements else "not built"] += 1
    return outcome


def marts_that_change(warehouse: Warehouse) -> list[str]:
    """The marts that follow from a source, with their contents or their time."""
    manifest = json.loads((warehouse.folder / "target" / "manifest.json").read_text())
    parents = manifest["parent_map"]
    reached: dict[str, bool] = {}

    def follows(node: str) -> bool:
        if node not in reached:
            reached[node] = node.startswith("source.") or any(map(follows, parents.get(node, [])))
        return reached[node]

    return sorted(
        node["name"]
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["fqn"][1] == "marts" and follows(name)
    )


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnDuckDB]:
    """Return a way to build warehouses quickly."""
    template = Warehouse("duckdb", tmp_path_factory.mktemp("template"), {"CLICKSTAR_THREADS": "1"})
    with building(template) as builds:
        yield OnDuckDB(builds, template, tmp_path_factory.mktemp("sequences"))


def full_refresh(engine: OnDuckDB, steps: Sequence[Step]) -> Warehouse:
    """A warehouse that saw the files as they are in the end, all at once."""
    warehouse = engine.new("full")
    landing = fresh(warehouse.folder / "landing")
    for step in steps:
        put(landing, step)
    engine.build(warehouse, landing, "--full-refresh")
    return warehouse


def check(engine: OnDuckDB, steps: Sequence[Step]) -> None:
    """Let a sequence happen, and compare with a full refresh."""
    warehouse = engine.new("incremental")
    landing = fresh(warehouse.folder / "landing")
    for step in steps:
        put(landing, step)
        engine.build(warehouse, landing, step=step)
    engine.build(warehouse, None)
    found = differences(full_refresh(engine, steps), warehouse, engine.marts)
    assert found == [], "\n".join([f"after {list(steps)}", *found])


def test_any_history_equals_a_full_refresh(pool: Pool, on_duckdb: OnDuckDB) -> None:
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
    @given(sequences(pool))
    def histories(steps: list[Step]) -> None:
        check(on_duckdb, steps)

    histories()
    # Otherwise it would prove little.
    assert happened["killed"] >= EXAMPLES // 4
    assert happened["built"] >= 2 * EXAMPLES


def test_one_of_everything_equals_a_full_refresh(pool: Pool, on_duckdb: OnDuckDB) -> None:
    check(on_duckdb, one_of_everything(pool))


def test_one_of_everything_equals_a_full_refresh_when_no_build_is_killed(
    pool: Pool, on_duckdb: OnDuckDB
) -> None:
    """A click moves to another day, and only copies of clicks are left on the old one."""
    check(on_duckdb, [Step(step.arrivals) for step in one_of_everything(pool)])


def test_what_only_a_replaced_file_named_goes(pool: Pool, on_duckdb: OnDuckDB) -> None:
    """Its device, and the rule that hit its clicks: of that day no click is hit any more."""
    file = pool.restatable[0]
    steps = [
        Step((pool.restated(file, "with another browser", in_place=True),)),
        Step((pool.whole(file),)),
    ]
    warehouse = on_duckdb.new("incremental")
    landing = fresh(warehouse.folder / "landing")
    for step in steps:
        put(landing, step)
        on_duckdb.build(warehouse, landing, step=step)
    assert differences(full_refresh(on_duckdb, steps), warehouse, on_duckdb.marts) == []


def test_what_a_build_changed_is_said_of_real_builds(pool: Pool, on_duckdb: OnDuckDB) -> None:
    """Guards "nothing changed": tables written anew, the same, are no change; a cost is."""
    file = pool.restatable[0]
    warehouse = on_duckdb.new("incremental")
    landing = fresh(warehouse.folder / "landing")
    said = []

    def build(step: Step | None) -> None:
        before = read_state(read_settings(warehouse.environment))
        if step is not None:
            put(landing, step)
        on_duckdb.build(warehouse, landing if step is not None else None, step=step)
        after = read_state(read_settings(warehouse.environment))
        said.append(describe(before, after, warehouse.tables("marts"), None))

    build(Step((pool.whole(file),)))
    build(None)
    build(Step((pool.restated(file, "with a cost", in_place=True),)))
    build(None)
    clicks = warehouse.query("select count(*), count(distinct date_key) from marts.fct_clicks")
    total, days = clicks[0]
    costs = int(str(warehouse.query("select count(*) from marts.fct_costs")[0][0]))
    assert costs > 0
    assert re.match(
        rf"Changed: 1 file with clicks new, clicks \+{total} = {total} clicks, "
        rf"{days} days? of clicks rebuilt with other rows \(",
        said[0],
    ), said[0]
    assert said[1].startswith("Nothing changed: no file with clicks is new or gone, and every row")
    assert re.match(
        rf"Changed: 1 file with clicks new, 1 file with clicks gone, clicks ±0 = {total} clicks, "
        # The clicks' costs are rows, too. A session says by its state of which records it was made,
        # and an id that is not mapped is seen by its costs, too.
        rf"{days} days? of clicks rebuilt with other rows \([-0-9 to]+\), fct_costs \+{costs}, "
        r"fct_sessions with other rows, fct_unmapped_members with other rows\.$",
        said[2],
    ), said[2]
    assert said[3] == said[1]


@pytest.mark.parametrize("with_kills", [True, False])
def test_one_of_everything_on_postgres_equals_a_full_refresh_on_duckdb(
    pool: Pool,
    on_duckdb: OnDuckDB,
    postgres_warehouse: dict[str, str],
    tmp_path: Path,
    with_kills: bool,
) -> None:
    """Without kills a click moves to another day, where unique indexes do not let it be twice."""
    warehouse = Warehouse("postgres", tmp_path, {**postgres_warehouse, "CLICKSTAR_THREADS": "1"})
    landing = fresh(tmp_path / "landing")
    steps = one_of_everything(pool)
    if not with_kills:
        steps = [Step(step.arrivals) for step in steps]
    happened.clear()
    with building(warehouse) as builds:
        run(builds, warehouse, landing, EVERYTHING, None)
        for step in steps:
            put(landing, step)
            run(builds, warehouse, landing, FROM_SOURCES, step)
        run(builds, warehouse, None, FROM_SOURCES, None)
    assert happened["killed"] >= int(with_kills)
    assert differences(full_refresh(on_duckdb, steps), warehouse, on_duckdb.marts) == []
