"""The part `day`: what one more day costs on top of each size of history."""

from __future__ import annotations

from statistics import median

from clickstar_bench.history import add_day
from clickstar_bench.measure import DbtRun, Settings, run_dbt
from clickstar_bench.page import Grid, Promise, Report, millions
from clickstar_bench.warehouses import month_of_raw, started

# "Its cost grows by less than 20 % from the first to the last."
PROMISED_GROWTH = 1.2
MODELS_ONLY = ("build", "--exclude-resource-type", "unit_test", "test")
TESTS_ONLY = ("test", "--exclude-resource-type", "unit_test")


def day_part(settings: Settings) -> Report:
    """Build each size, add a day to the raw tables, and measure the build of that day."""
    days: dict[int, list[DbtRun]] = {}
    tests: dict[int, DbtRun] = {}
    idle: dict[int, DbtRun] = {}
    for clicks in settings.clicks:
        folder, warehouse, environment = started(settings, clicks)
        run_dbt((*MODELS_ONLY, "--full-refresh"), environment, folder)
        days[clicks] = []
        for day in range(1, settings.runs + 1):
            add_day(month_of_raw(settings), warehouse, day)
            days[clicks].append(run_dbt(MODELS_ONLY, environment, folder))
        idle[clicks] = run_dbt(MODELS_ONLY, environment, folder)
        tests[clicks] = run_dbt(TESTS_ONLY, environment, folder)
        warehouse.unlink()
    costs = {
        clicks: median([run.used.cpu_seconds for run in runs]) for clicks, runs in days.items()
    }
    models = {
        clicks: median([run.node_cpu_seconds for run in runs]) for clicks, runs in days.items()
    }
    first, last = min(costs), max(costs)
    growth = {
        "command": costs[last] / costs[first],
        "models": models[last] / models[first],
    }
    return Report(
        title="An incremental day",
        explanation=(
            "One more day, a thirtieth of a month, arrives in the raw tables of a built warehouse,"
            " and `dbt build` without tests follows. `growth` compares with the smallest size. The"
            " run without news says what looking for changes costs by itself; the tests look at"
            " the whole history each time and are shown for comparison."
        ),
        grids=[
            Grid(
                "An incremental day, CPU seconds",
                ["on top of", "command", "growth", "models", "growth", "no news", "tests", "MB"],
                [
                    [
                        millions(clicks),
                        f"{costs[clicks]:,.1f}",
                        f"{costs[clicks] / costs[first]:.2f}",
                        f"{models[clicks]:,.1f}",
                        f"{models[clicks] / models[first]:.2f}",
                        f"{idle[clicks].node_cpu_seconds:,.1f}",
                        f"{tests[clicks].node_cpu_seconds:,.1f}",
                        f"{max(run.used.megabytes for run in days[clicks]):,.0f}",
                    ]
                    for clicks in days
                ],
            )
        ],
        promises=(
            [
                Promise(
                    f"A day on top of {millions(last)} clicks to one on top of {millions(first)},"
                    " CPU seconds of the command",
                    growth["command"],
                    PROMISED_GROWTH,
                )
            ]
            if last > first
            else []
        ),
        data={
            "growth": growth,
            "sizes": {
                str(clicks): {
                    "days": [{**vars(run.used), **run.document} for run in days[clicks]],
                    "no_news": idle[clicks].document,
                    "tests": tests[clicks].document,
                }
                for clicks in days
            },
        },
    )
