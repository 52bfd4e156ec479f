"""The part `build`: a full build at each size, with CPU, time and memory of every model."""

from __future__ import annotations

from typing import Any

from clickstar_bench.measure import BenchError, DbtRun, Settings, run_dbt
from clickstar_bench.page import Grid, Promise, Report, millions
from clickstar_bench.warehouses import discard, raw_only

# "Peak memory under 8 GB at 50 million clicks on 2 cores."
PROMISED_MEGABYTES = 8192
# As `make build` does on a project that has not changed: unit tests do not depend on the data.
FULL_BUILD = ("build", "--full-refresh", "--exclude-resource-type", "unit_test")


def build_part(settings: Settings) -> Report:
    """Build and test everything at each size and report what each model used."""
    builds: dict[int, DbtRun] = {}
    for clicks in settings.clicks:
        warehouse = raw_only(settings, clicks)
        run_dbt(("parse",), warehouse.environment, warehouse.folder)
        try:
            builds[clicks] = run_dbt(FULL_BUILD, warehouse.environment, warehouse.folder)
        except BenchError:
            # No part after this one must take it for a built one.
            discard(warehouse)
            raise
    largest = max(builds)
    sizes = [
        [
            millions(clicks),
            f"{build.used.cpu_seconds:,.0f}",
            f"{build.used.wall_seconds:,.0f}",
            f"{cpu_of(build, 'model'):,.1f}",
            f"{cpu_of(build, 'test'):,.1f}",
            f"{build.document['overhead_cpu_seconds']:,.1f}",
            f"{build.used.megabytes:,.0f}",
            f"{cpu_of(build, 'model') * 1e6 / clicks:,.1f}",
        ]
        for clicks, build in builds.items()
    ]
    return Report(
        title="Full build",
        explanation=(
            "`dbt build --full-refresh` of every model, with every data test, on raw tables of one"
            " month of demo data, repeated for larger sizes. `dbt` is reading the project and"
            " planning, which does not grow with the data. A model's memory is the most that the"
            " process had while the model ran. CPU of two models that ran at once is halved."
        ),
        grids=[
            Grid(
                "Full build, CPU seconds",
                ["clicks", "CPU", "wall", "models", "tests", "dbt", "MB", "models per M"],
                sizes,
            ),
            Grid(
                "Models, CPU seconds, and MB at the largest size",
                ["model", *(millions(clicks) for clicks in builds), "wall", "MB"],
                [
                    [
                        name,
                        *(f"{_cpu(build, name):,.2f}" for build in builds.values()),
                        f"{_node(builds[largest], name).get('wall_seconds', 0.0):,.1f}",
                        f"{_node(builds[largest], name).get('megabytes', 0.0):,.0f}",
                    ]
                    for name in _by_cost(builds[largest])
                ],
                on_screen=12,
            ),
        ],
        promises=[
            Promise(
                f"Full build of {millions(largest)} clicks, memory",
                builds[largest].used.megabytes,
                PROMISED_MEGABYTES,
                "MB",
            )
        ],
        data={
            "sizes": {
                str(clicks): {**vars(build.used), **build.document}
                for clicks, build in builds.items()
            }
        },
    )


def cpu_of(build: DbtRun, kind: str) -> float:
    """Return the CPU seconds of all nodes of a kind (`model`, `test`, `seed`, `snapshot`)."""
    return sum(
        float(node["cpu_seconds"]) for node in build.nodes.values() if node.get("kind") == kind
    )


def _models(build: DbtRun) -> dict[str, dict[str, Any]]:
    return {
        str(node["name"]): node
        for node in build.nodes.values()
        if node.get("kind") in ("model", "snapshot")
    }


def _node(build: DbtRun, name: str) -> dict[str, Any]:
    return _models(build).get(name, {})


def _cpu(build: DbtRun, name: str) -> float:
    return float(_node(build, name).get("cpu_seconds", 0.0))


def _by_cost(build: DbtRun) -> list[str]:
    models = _models(build)
    return sorted(models, key=lambda name: -float(models[name]["cpu_seconds"]))
