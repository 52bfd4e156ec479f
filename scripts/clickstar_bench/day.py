"""The part `day`: what one more day costs on top of each size of history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import duckdb

from clickstar_bench.history import add_day
from clickstar_bench.measure import BenchError, DbtRun, Settings, run_dbt
from clickstar_bench.page import Grid, Promise, Report, millions
from clickstar_bench.warehouses import MODELS_ONLY, built, discard, month_of_raw

# "Its cost grows by less than 20 % from the first to the last."
PROMISED_GROWTH = 1.2


@dataclass(frozen=True)
class Days:
    """What was measured on top of one size of history.

    Attributes:
        arrived: clicks of the last day.
        runs: the build of each day.
        idle: one more build, with nothing new.
    """

    arrived: int
    runs: Sequence[DbtRun]
    idle: DbtRun

    @property
    def command(self) -> float:
        """Return the median CPU seconds of the whole command."""
        return median(run.used.cpu_seconds for run in self.runs)

    @property
    def models(self) -> float:
        """Return the median CPU seconds of the models."""
        return median(run.node_cpu_seconds for run in self.runs)

    @property
    def models_run(self) -> set[str]:
        """Return the names of the models, snapshots and seeds of a day's build."""
        return {str(node["name"]) for node in self.runs[-1].nodes.values() if "name" in node}

    def of_model(self, name: str) -> float:
        """Return the median CPU seconds of a model."""
        return median(_cpu(run, name) for run in self.runs)


def _cpu(run: DbtRun, name: str) -> float:
    return sum(
        float(node["cpu_seconds"]) for node in run.nodes.values() if node.get("name") == name
    )


def day_part(settings: Settings) -> Report:
    """Build each size, add a day to the raw tables, and measure the build of that day."""
    measured: dict[int, Days] = {}
    for clicks in settings.clicks:
        warehouse = built(settings, clicks)
        run = partial(run_dbt, environment=warehouse.environment, folder=warehouse.folder)
        runs: list[DbtRun] = []
        arrived = 0
        for day in range(1, settings.runs + 1):
            before = _clicks_of(warehouse.file)
            add_day(month_of_raw(settings), warehouse.file, day)
            runs.append(run(MODELS_ONLY))
            arrived = _clicks_of(warehouse.file) - before
            if arrived <= 0:
                raise BenchError(
                    f"Day {day} on top of {millions(clicks)} clicks brought no click into"
                    " fct_clicks: what was measured is no incremental day."
                )
        measured[clicks] = Days(arrived, runs, run(MODELS_ONLY))
        discard(warehouse)
    return report(measured)


def report(measured: Mapping[int, Days]) -> Report:
    """Return the page's part from what was measured by size of history, smallest first."""
    smallest, largest = min(measured), max(measured)
    first = measured[smallest]
    growth = {
        str(clicks): {
            "command": days.command / first.command,
            "models": days.models / first.models,
        }
        for clicks, days in measured.items()
    }
    return Report(
        title="An incremental day",
        explanation=(
            "One more day, a thirtieth of a month, arrives in the raw tables of a built warehouse,"
            " and `dbt build` without tests follows. `growth` compares with the smallest size. The"
            " build without news says what looking for changes costs by itself. Tests look at the"
            " whole history: they cost what they cost in a full build."
        ),
        grids=[
            Grid(
                "An incremental day, CPU seconds",
                ["on top of", "day", "command", "growth", "models", "growth", "no news", "MB"],
                [
                    [
                        millions(clicks),
                        f"{days.arrived:,}",
                        f"{days.command:,.1f}",
                        f"{growth[str(clicks)]['command']:.2f}",
                        f"{days.models:,.1f}",
                        f"{growth[str(clicks)]['models']:.2f}",
                        f"{days.idle.node_cpu_seconds:,.1f}",
                        f"{max(run.used.megabytes for run in days.runs):,.0f}",
                    ]
                    for clicks, days in measured.items()
                ],
            ),
            Grid(
                "Models of that day, CPU seconds by what it is on top of",
                ["model", *(millions(clicks) for clicks in measured), "no news"],
                [
                    [
                        name,
                        *(f"{days.of_model(name):,.2f}" for days in measured.values()),
                        f"{_cpu(measured[largest].idle, name):,.2f}",
                    ]
                    for name in sorted(
                        measured[largest].models_run,
                        key=lambda name: (-measured[largest].of_model(name), name),
                    )
                ],
                on_screen=6,
            ),
        ],
        promises=(
            [
                Promise(
                    f"A day on top of {millions(largest)} clicks to one on top of"
                    f" {millions(smallest)}, CPU seconds",
                    growth[str(largest)]["command"],
                    PROMISED_GROWTH,
                )
            ]
            if largest > smallest
            else []
        ),
        data={
            "growth": growth,
            "sizes": {
                str(clicks): {
                    "clicks_of_the_day": days.arrived,
                    "days": [{**vars(run.used), **run.document} for run in days.runs],
                    "no_news": days.idle.document,
                }
                for clicks, days in measured.items()
            },
        },
    )


def _clicks_of(warehouse: Path) -> int:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        [(rows,)] = connection.execute("select count(*) from marts.fct_clicks").fetchall()
    return int(rows)
