"""What every part of the benchmark uses to measure: one process, or two sides by turns."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
# Where repeated months meet, both report the same day of a network: the later report counts, while
# the commissions of both do. That is no error of ours and must not fail a build.
REPEATED_MONTHS = "{reconciliation_error_share: 1000000000}"


class BenchError(RuntimeError):
    """A measurement could not be made; the message is one sentence for a person."""


@dataclass(frozen=True)
class Settings:
    """What the person asked for.

    Attributes:
        rows: rows per file format of the part `loader`.
        runs: repetitions of each side of a comparison.
        clicks: sizes of the warehouse, in clicks, smallest first.
        by_hand: sizes of the part `by_hand`, smallest first.
        month: clicks of the month that larger sizes repeat.
        engine_clicks: clicks of the comparison of two engines.
        scratch: folder for scratch files of this part.
        shared: folder for raw tables, which depend on the size only and may outlive the run.
        built: folder for built warehouses, which several parts of one run use.
    """

    rows: int
    runs: int
    clicks: tuple[int, ...]
    by_hand: tuple[int, ...]
    month: int
    engine_clicks: int
    scratch: Path
    shared: Path
    built: Path


@dataclass(frozen=True)
class Measurement:
    """What one process used: seconds of CPU and of the clock, largest memory in megabytes."""

    cpu_seconds: float
    wall_seconds: float
    megabytes: float


@dataclass(frozen=True)
class Comparison:
    """Several turns of ours and theirs on the same input."""

    name: str
    input_bytes: int
    rows: int
    ours: list[Measurement]
    theirs: list[Measurement]

    @property
    def ratios(self) -> list[float]:
        """Return our CPU seconds divided by theirs, turn by turn, sorted."""
        return sorted(
            mine.cpu_seconds / other.cpu_seconds
            for mine, other in zip(self.ours, self.theirs, strict=True)
        )

    @property
    def ratio(self) -> float:
        """Return the median of the ratios."""
        return statistics.median(self.ratios)

    @property
    def ours_wall(self) -> float:
        """Return the median of our turns' seconds of the clock."""
        return statistics.median(turn.wall_seconds for turn in self.ours)

    @property
    def theirs_wall(self) -> float:
        """Return the median of their turns' seconds of the clock."""
        return statistics.median(turn.wall_seconds for turn in self.theirs)

    @property
    def wall_ratio(self) -> float:
        """Return the median of our seconds of the clock divided by theirs, turn by turn."""
        return statistics.median(
            mine.wall_seconds / other.wall_seconds
            for mine, other in zip(self.ours, self.theirs, strict=True)
        )

    @property
    def megabytes(self) -> float:
        """Return the largest memory that any of our turns used."""
        return max(turn.megabytes for turn in self.ours)

    def as_json(self) -> dict[str, Any]:
        """Return the numbers of every turn and the ratio."""
        return {
            "name": self.name,
            "rows": self.rows,
            "input_bytes": self.input_bytes,
            "ours": [vars(turn) for turn in self.ours],
            "theirs": [vars(turn) for turn in self.theirs],
            "ratio": {"min": self.ratios[0], "median": self.ratio, "max": self.ratios[-1]},
        }


def median_cpu(turns: Sequence[Measurement]) -> float:
    """Return the median of the turns' CPU seconds."""
    return statistics.median(turn.cpu_seconds for turn in turns)


def measure(command: Sequence[str], environment: Mapping[str, str]) -> Measurement:
    """Run a command to its end and return what it and its children used.

    Raises BenchError with the command's last words when it fails.
    """
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, env=dict(environment), stdout=output, stderr=output, cwd=REPOSITORY
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        if process.returncode != 0:
            output.seek(0)
            words = output.read().decode(errors="replace").strip()[-2000:]
            raise BenchError(f"`{' '.join(command[:3])}` ended with {process.returncode}: {words}")
    # Linux counts the largest memory in kilobytes, macOS in bytes.
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Measurement(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / unit)


def by_turns(
    runs: int, sides: Mapping[str, Callable[[], Measurement]]
) -> dict[str, list[Measurement]]:
    """Measure each side ``runs`` times, by turns first and last, so that a warm cache helps all."""
    turns: dict[str, list[Measurement]] = {name: [] for name in sides}
    for turn in range(runs):
        for name in list(sides) if turn % 2 == 0 else list(sides)[::-1]:
            turns[name].append(sides[name]())
    return turns


@dataclass(frozen=True)
class DbtRun:
    """What one dbt command used, as ``dbt_driver`` wrote it down."""

    used: Measurement
    document: dict[str, Any]

    @property
    def nodes(self) -> dict[str, dict[str, Any]]:
        """Return what each node used, by its unique id."""
        nodes: dict[str, dict[str, Any]] = self.document["nodes"]
        return nodes

    @property
    def node_cpu_seconds(self) -> float:
        """Return the CPU seconds while nodes ran: without reading the project and planning."""
        return float(self.document["cpu_seconds"] - self.document["overhead_cpu_seconds"])


def dbt_environment(folder: Path, warehouse: Path | None = None) -> dict[str, str]:
    """Return the variables with which dbt and the loader work in ``folder`` on a DuckDB file."""
    scripts = str(REPOSITORY / "scripts")
    environment = {
        **os.environ,
        "TARGET": "duckdb",
        "CLICKSTAR_SALT": "benchmark",
        "CLICKSTAR_SCHEMA_PREFIX": "",
        "DBT_PROFILES_DIR": str(REPOSITORY),
        "DBT_PROJECT_DIR": str(REPOSITORY),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "PYTHONPATH": scripts,
        "PYTHONUTF8": "1",
    }
    if warehouse is not None:
        environment["CLICKSTAR_DUCKDB_PATH"] = str(warehouse)
    return environment


def run_dbt(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> DbtRun:
    """Run one dbt command and return what it used, node by node.

    Raises BenchError with dbt's last words when a node fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "dbt_run.json"
    out.unlink(missing_ok=True)
    used = measure(
        [
            *(sys.executable, "-m", "clickstar_bench.dbt_driver", str(out)),
            *(*arguments, "--vars", REPEATED_MONTHS),
        ],
        environment,
    )
    document = json.loads(out.read_text(encoding="utf-8"))
    # Linux counts what this process had when it started dbt as dbt's; dbt's own look does not.
    return DbtRun(replace(used, megabytes=document["megabytes"]), document)
