"""The part `by_hand`: our build against the same star from one SQL script (star.sql)."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import duckdb

from clickstar_bench.measure import (
    REPOSITORY,
    BenchError,
    Comparison,
    DbtRun,
    Measurement,
    Settings,
    by_turns,
    dbt_environment,
    measure,
    run_dbt,
)
from clickstar_bench.page import Promise, Report, comparison_grid, millions
from clickstar_bench.warehouses import fresh_copy, raw_of

SCRIPT = Path(__file__).with_name("star.sql")
SEEDS = REPOSITORY / "seeds"
# The script's own schema; its tables have the names of the marts.
SCHEMA = "by_hand"
# Where models do what the script does, too. The others that these marts need (judging; the devices
# of page views; members that only commissions name) are built on our side as well, not counted.
SAME_WORK = (
    "models/staging/",
    "models/intermediate/channels/",
    "models/intermediate/clicks/",
    "models/intermediate/master/",
    "models/intermediate/members/",
    "models/marts/",
    "seeds/",
)
# The calendar, with all that only it needs.
CALENDAR = ("+dim_date", "+dim_date_relative")
PROMISED_TESTED = 1.3
PROMISED_MODELS = 1.15
PROGRAM = """
import os, sys, duckdb
connection = duckdb.connect(sys.argv[1], config={"storage_compatibility_version": "v1.4.0"})
connection.execute("set TimeZone = 'UTC'")
connection.execute("set memory_limit = ?", [os.environ.get("CLICKSTAR_DUCKDB_MEMORY", "6GB")])
connection.execute("set variable seeds = ?", [sys.argv[3]])
connection.execute(open(sys.argv[2], encoding="utf-8").read())
"""


def run_script(warehouse: Path, environment: Mapping[str, str]) -> Measurement:
    """Run the script on the raw tables of a DuckDB file and return what it used."""
    return measure(
        [sys.executable, "-c", PROGRAM, str(warehouse), str(SCRIPT), str(SEEDS)], environment
    )


def marts_of_script(warehouse: Path) -> list[str]:
    """Return the names of the marts that the script wrote, sorted."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select table_name from duckdb_tables() where schema_name = ? order by table_name",
            [SCHEMA],
        ).fetchall()
    return [str(row[0]) for row in rows]


def same_work(manifest: Path) -> set[str]:
    """Return the unique ids of the nodes that do what the script does, and of their tests.

    Raises BenchError when a folder of ``SAME_WORK`` has none: it was renamed.
    """
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    models: set[str] = set()
    for folder in SAME_WORK:
        found = {
            name
            for name, node in nodes.items()
            if node["resource_type"] in ("model", "seed")
            and node["original_file_path"].startswith(folder)
        }
        if not found:
            raise BenchError(
                f"{folder} has no model: name the folders in SAME_WORK of the benchmark's"
                " by_hand.py as the project does."
            )
        models |= found
    tests = {
        name
        for name, node in nodes.items()
        if node["resource_type"] == "test"
        and models.issuperset(need for need in node["depends_on"]["nodes"] if need in nodes)
    }
    return models | tests


def used_for(run: DbtRun, counted: set[str]) -> Measurement:
    """Return what a run used for some of its nodes, with all that dbt needs besides nodes."""
    nodes = sum(node["cpu_seconds"] for name, node in run.nodes.items() if name in counted)
    overhead = run.used.cpu_seconds - run.node_cpu_seconds
    return Measurement(nodes + overhead, run.used.wall_seconds, run.used.megabytes)


def by_hand_part(settings: Settings) -> Report:
    """Build the script's marts by turns: by the script, by dbt, and by dbt with all their tests."""
    models: list[Comparison] = []
    tested: list[Comparison] = []
    wholes: dict[str, list[float]] = {}
    for clicks in settings.by_hand:
        raw = raw_of(settings, clicks)
        folder = settings.scratch / str(clicks)
        warehouse = folder / "clickstar.duckdb"
        # One node at a time, so that what each used is known.
        environment = {**dbt_environment(folder, warehouse), "CLICKSTAR_THREADS": "1"}
        run_dbt(("parse",), environment, folder)
        counted = same_work(folder / "target" / "manifest.json")
        fresh_copy(raw, warehouse)
        run_script(warehouse, environment)
        wanted = [f"+{name}" for name in marts_of_script(warehouse)]
        # The facts' tests look at the calendar, so it is there before either side starts.
        fresh_copy(raw, warehouse)
        calendar = ("build", "--select", *CALENDAR, "--exclude-resource-type", "test", "unit_test")
        run_dbt(calendar, environment, folder)
        start = warehouse.rename(folder / "start.duckdb")
        whole: list[float] = []

        def theirs(
            raw: Path = start, file: Path = warehouse, env: Mapping[str, str] = environment
        ) -> Measurement:
            fresh_copy(raw, file)
            return run_script(file, env)

        def ours(
            command: tuple[str, ...],
            raw: Path = start,
            file: Path = warehouse,
            env: Mapping[str, str] = environment,
            folder: Path = folder,
            counted: set[str] = counted,
            whole: list[float] = whole,
        ) -> Measurement:
            fresh_copy(raw, file)
            run = run_dbt(command, env, folder)
            whole.append(run.used.cpu_seconds)
            return used_for(run, counted)

        build = (
            *("build", "--full-refresh", "--select", *wanted, "--exclude", *CALENDAR),
            *("--indirect-selection", "cautious", "--exclude-resource-type"),
        )
        turns = by_turns(
            settings.runs,
            {
                "theirs": theirs,
                "models": partial(ours, (*build, "unit_test", "test")),
                "tested": partial(ours, (*build, "unit_test")),
            },
        )
        size = raw.stat().st_size
        for name, into in (("models", models), ("tested", tested)):
            into.append(Comparison(millions(clicks), size, clicks, turns[name], turns["theirs"]))
        wholes[millions(clicks)] = whole
        warehouse.unlink()
        start.unlink()
    used = "; ".join(
        f"{min(seconds):.0f} to {max(seconds):.0f} s at {size}" for size, seconds in wholes.items()
    )
    return Report(
        title="Against one SQL script by hand",
        explanation=(
            "`scripts/clickstar_bench/star.sql` makes the same marts with the same rows (a test"
            " compares them by key and value) from the same raw tables, in DuckDB alone. Ours is"
            " `dbt build --full-refresh` of those marts and all that they need, from the start of"
            " Python to its end, without and with every data test of these models. The calendar"
            " does not depend on the raw tables and is left out on both sides. The marts need more"
            " of ours than the script does: judging, the devices of page views, and the members"
            " that only commissions name. Those models run and are not counted; dbt's own work for"
            " them is, and what a counted model reads through a view. dbt builds one model after"
            " the other here, so that the CPU of each is known. The whole commands used"
            f" {used}; MB are theirs."
        ),
        grids=[
            comparison_grid(
                "Models that do the same against the script, CPU seconds",
                "dbt",
                "script",
                PROMISED_MODELS,
                models,
            ),
            comparison_grid(
                "With their tests against the script, CPU seconds",
                "dbt",
                "script",
                PROMISED_TESTED,
                tested,
            ),
        ],
        promises=[
            Promise(
                f"Models of {models[-1].name} clicks that do the same to the script by hand",
                models[-1].ratio,
                PROMISED_MODELS,
            ),
            Promise(
                f"The same with their tests, {tested[-1].name} clicks, to the script by hand",
                tested[-1].ratio,
                PROMISED_TESTED,
            ),
        ],
        data={
            "models": [item.as_json() for item in models],
            "tested": [item.as_json() for item in tested],
            "whole_cpu_seconds": wholes,
        },
    )
