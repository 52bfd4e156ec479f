"""The part `postgres`: the same files loaded and built on PostgreSQL and on DuckDB."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from clickstar_bench.measure import (
    REPOSITORY,
    BenchError,
    Comparison,
    Measurement,
    Settings,
    dbt_environment,
    measure,
    median_cpu,
    run_dbt,
)
from clickstar_bench.page import Grid, Promise, Report, millions
from clickstar_bench.warehouses import MODELS_ONLY, landing_of
from private_postgres import PostgresServer, PostgresUnavailableError, private_postgres

# "PostgreSQL beside DuckDB (DuckDB at least 3 times faster)."
PROMISED_RATIO = 3.0
DATABASE = "clickstar"
# A share of the memory that PostgreSQL's manual recommends for a machine of 8 GB; the defaults
# are for a much smaller one, and would make DuckDB look better than it is.
SERVER_SETTINGS = {
    "shared_buffers": "2GB",
    "effective_cache_size": "6GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "512MB",
}
STEPS = ("load", "build")
QUIET_SECONDS = 30


def server_cpu_seconds(server: PostgresServer) -> float:
    """Return the CPU seconds that all processes of a server used so far, also those that ended.

    Linux adds what an ended process used to the process that started it.

    Raises BenchError on other systems, which do not tell.
    """
    if not sys.platform.startswith("linux"):
        raise BenchError("The CPU of PostgreSQL's processes can be measured on Linux only.")
    _wait_for_quiet(server)
    first = psutil.Process(server.pid)
    times = first.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in first.children():
        with suppress(psutil.NoSuchProcess):
            used = child.cpu_times()
            total += used.user + used.system
    return float(total)


def _wait_for_quiet(server: PostgresServer) -> None:
    """Wait until the sessions of the measured commands have ended, so that none is ending now."""
    deadline = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < deadline:
        with server.connect() as session:
            found = session.execute(
                "select count(*) from pg_stat_activity"
                " where backend_type in ('client backend', 'parallel worker')"
                " and pid != pg_backend_pid()"
            ).fetchone()
        if found == (0,):
            break
        time.sleep(0.1)
    # Our own session, too.
    time.sleep(0.2)


def run_steps(
    landing: Path, folder: Path, environment: Mapping[str, str], server: PostgresServer | None
) -> dict[str, Measurement]:
    """Load a landing folder, then build every model; return what each step used.

    With a server, its processes' CPU is added to that of the command.
    """
    run_dbt(("parse",), environment, folder)
    used: dict[str, Measurement] = {}
    for step in STEPS:
        before = server_cpu_seconds(server) if server else 0.0
        if step == "load":
            script = str(REPOSITORY / "scripts" / "load.py")
            one = measure([sys.executable, script, "load", "--landing", str(landing)], environment)
        else:
            one = run_dbt((*MODELS_ONLY, "--full-refresh"), environment, folder).used
        more = server_cpu_seconds(server) - before if server else 0.0
        used[step] = Measurement(one.cpu_seconds + more, one.wall_seconds, one.megabytes)
    return used


def postgres_part(settings: Settings) -> Report:
    """Load and build the same files on both engines, by turns, and compare CPU and time."""
    landing = landing_of(settings)
    turns: dict[str, list[dict[str, Measurement]]] = {"duckdb": [], "postgres": []}
    try:
        with private_postgres(SERVER_SETTINGS) as server:
            for turn in range(settings.runs):
                for engine in list(turns) if turn % 2 == 0 else list(turns)[::-1]:
                    folder = settings.scratch / f"{engine}_{turn}"
                    warehouse = folder / "clickstar.duckdb"
                    environment = dbt_environment(folder, warehouse)
                    folder.mkdir(parents=True)
                    if engine == "duckdb":
                        turns[engine].append(run_steps(landing, folder, environment, None))
                        warehouse.unlink()
                    else:
                        environment |= server.create_database(DATABASE)
                        turns[engine].append(run_steps(landing, folder, environment, server))
                        server.drop_database(DATABASE)
    except PostgresUnavailableError as error:
        raise BenchError(str(error)) from error
    compared = {
        step: Comparison(
            step,
            0,
            settings.engine_clicks,
            [_of_step(turn, step) for turn in turns["postgres"]],
            [_of_step(turn, step) for turn in turns["duckdb"]],
        )
        for step in (*STEPS, "together")
    }
    together = compared["together"]
    size = f"{millions(settings.engine_clicks)} clicks"
    return Report(
        title="PostgreSQL beside DuckDB",
        explanation=(
            "The same landing files loaded, and every model built (without tests), on a private"
            " PostgreSQL and on a DuckDB file. PostgreSQL's CPU is that of our commands and of all"
            f" processes of the server, which has {SERVER_SETTINGS['shared_buffers']} of shared"
            f" buffers, {SERVER_SETTINGS['work_mem']} of work memory, and does not wait for its"
            " disk (`fsync = off`). A ratio is PostgreSQL's number through DuckDB's."
            " What Python and dbt do themselves is the same on both sides, and in both numbers."
        ),
        grids=[
            Grid(
                f"PostgreSQL beside DuckDB, {size}",
                ["step", "CPU PG", "DuckDB", "ratio", "range", "clock PG", "DuckDB", "ratio"],
                [
                    [
                        step,
                        f"{median_cpu(item.ours):,.1f}",
                        f"{median_cpu(item.theirs):,.1f}",
                        f"{item.ratio:.2f}",
                        f"{item.ratios[0]:.2f}–{item.ratios[-1]:.2f}",
                        f"{item.ours_wall:,.1f}",
                        f"{item.theirs_wall:,.1f}",
                        f"{item.wall_ratio:.2f}",
                    ]
                    for step, item in compared.items()
                ],
            )
        ],
        promises=[
            Promise(
                f"PostgreSQL to DuckDB, {size}, CPU seconds",
                together.ratio,
                PROMISED_RATIO,
                at_most=False,
            ),
            Promise(
                f"PostgreSQL to DuckDB, {size}, seconds of the clock",
                together.wall_ratio,
                PROMISED_RATIO,
                at_most=False,
            ),
        ],
        data={
            "clicks": settings.engine_clicks,
            "steps": {
                step: {
                    "postgres": [vars(turn) for turn in item.ours],
                    "duckdb": [vars(turn) for turn in item.theirs],
                    "cpu_ratio": item.ratio,
                    "wall_ratio": item.wall_ratio,
                }
                for step, item in compared.items()
            },
        },
    )


def _of_step(turn: Mapping[str, Measurement], step: str) -> Measurement:
    chosen: Sequence[Measurement] = [*turn.values()] if step == "together" else [turn[step]]
    return Measurement(
        sum(item.cpu_seconds for item in chosen),
        sum(item.wall_seconds for item in chosen),
        max(item.megabytes for item in chosen),
    )
