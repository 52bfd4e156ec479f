"""Raw tables of each size and what is built of them, made once for a run and copied for a turn."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from clickstar_bench.history import load_month, make_landing, repeat_month
from clickstar_bench.measure import BenchError, Settings, dbt_environment, run_dbt

MODELS_ONLY = ("build", "--exclude-resource-type", "unit_test", "test")


@dataclass(frozen=True)
class Warehouse:
    """A DuckDB file, the folder with its dbt artifacts, and the environment to reach it."""

    folder: Path
    file: Path
    environment: dict[str, str]


def landing_of(settings: Settings, clicks: int | None = None) -> Path:
    """Return a folder with the demo files of one month; ``clicks``: default `engine_clicks`."""
    number = settings.engine_clicks if clicks is None else clicks
    landing = settings.shared / f"landing_{number}"
    if not landing.exists():
        settings.shared.mkdir(parents=True, exist_ok=True)
        making = landing.with_name(f"{landing.name}.making")
        shutil.rmtree(making, ignore_errors=True)
        make_landing(making, number, dbt_environment(settings.shared))
        making.rename(landing)
    return landing


def month_of_raw(settings: Settings) -> Path:
    """Return a DuckDB file with the loaded demo files of one month."""
    warehouse = settings.shared / f"month_{settings.month}.duckdb"
    if not warehouse.exists():
        landing = landing_of(settings, settings.month)
        loading = warehouse.with_suffix(".loading")
        loading.unlink(missing_ok=True)
        load_month(landing, loading, dbt_environment(settings.shared))
        loading.rename(warehouse)
    return warehouse


def raw_of(settings: Settings, clicks: int) -> Path:
    """Return a DuckDB file whose raw tables hold ``clicks`` clicks; nobody may write to it.

    Raises BenchError when the size is no multiple of the month.
    """
    if clicks % settings.month:
        raise BenchError(
            f"{clicks:,} clicks are not a whole number of months of {settings.month:,}: choose"
            " other --sizes."
        )
    warehouse = settings.shared / f"raw_{settings.month}_{clicks}.duckdb"
    if not warehouse.exists():
        month = month_of_raw(settings)
        making = warehouse.with_suffix(".making")
        making.unlink(missing_ok=True)
        # Also for one month: DuckDB then has written all raw tables alike.
        repeat_month(month, making, clicks // settings.month)
        making.rename(warehouse)
    return warehouse


def fresh_copy(raw: Path, target: Path) -> Path:
    """Copy a DuckDB file over ``target`` (and forget the target's log)."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for leftover in target.parent.glob(f"{target.name}*"):
        leftover.unlink()
    shutil.copyfile(raw, target)
    return target


def raw_only(settings: Settings, clicks: int) -> Warehouse:
    """Return a new warehouse that holds the raw tables only, where ``built`` will look for it."""
    folder = settings.built / str(clicks)
    file = fresh_copy(raw_of(settings, clicks), folder / "clickstar.duckdb")
    return Warehouse(folder, file, dbt_environment(folder, file))


def built(settings: Settings, clicks: int) -> Warehouse:
    """Return the warehouse that a part before built of so many clicks; else build its models now.

    Who changes it must ``discard`` it.
    """
    folder = settings.built / str(clicks)
    file = folder / "clickstar.duckdb"
    if file.exists():
        return Warehouse(folder, file, dbt_environment(folder, file))
    warehouse = raw_only(settings, clicks)
    run_dbt((*MODELS_ONLY, "--full-refresh"), warehouse.environment, warehouse.folder)
    return warehouse


def discard(warehouse: Warehouse) -> None:
    """Delete a warehouse and everything in its folder."""
    shutil.rmtree(warehouse.folder)
